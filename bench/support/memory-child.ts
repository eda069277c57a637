// Run by memory.ts in a process of its own: trains a workload, and prints what was resident before and at most.

import { readFileSync, writeFileSync } from 'node:fs'
import { compiled } from '../workloads/ways.js'
import { inTurn, workloads } from '../workloads/workloads.js'
import { use } from './backends.js'

/** The most that was resident so far, in bytes. */
function peak(): number {
  try {
    const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    if (kilobytes !== undefined) return 1024 * Number(kilobytes)
  } catch {}
  return 1024 * process.resourceUsage().maxRSS
}

/** The most starts again, where that can be: making the weights is not part of the training. */
function forgetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5')
  } catch {}
}

const [name, steps] = [process.argv[2], Number(process.argv[3])]
const workload = workloads.find(workload => workload.name === name)
if (workload === undefined) throw new Error(`expected the name of a workload, got ${name}`)
use('native')
const idle = process.memoryUsage.rss()
const start = workload.start()
const run = inTurn(compiled(start).sync, start.batches)
forgetPeak()
for (let i = 0; i < steps; i++) run()
console.log(JSON.stringify({ idle, peak: peak() }))
