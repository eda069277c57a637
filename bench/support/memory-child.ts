// Runs in a fresh process for memory.ts: trains a workload and prints the resident memory before and at its peak.

import { readFileSync, writeFileSync } from 'node:fs'
import { compiled } from '../workloads/ways.js'
import { inTurn, workloads } from '../workloads/workloads.js'
import { use } from './backends.js'

/** The peak of resident memory so far, in bytes. */
function peak(): number {
  try {
    const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    if (kilobytes !== undefined) return 1024 * Number(kilobytes)
  } catch {}
  return 1024 * process.resourceUsage().maxRSS
}

/** Resets the peak where the system allows it: making the weights is not part of the training. */
function resetPeak(): void {
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
resetPeak()
for (let i = 0; i < steps; i++) run()
console.log(JSON.stringify({ idle, peak: peak() }))
