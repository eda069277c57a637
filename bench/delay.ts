// Measures the event loop's delay while steps are awaited and HTTP requests are answered, with the script of the
// responsiveness tests.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { fromRoot } from './peers/peer-files.js'
import { time, times } from './report/format.js'
import { printTable } from './report/table.js'
import type { Group } from './support/group.js'

/** Workloads of serve.mjs, with steps per round and rounds. */
const trained: readonly (readonly [name: string, steps: number, rounds: number])[] = [
  ['medium-mlp', 150, 3],
  ['large-mlp', 5, 3],
]
/** Upper bounds, in ms. */
const most = { p99: 5, max: 50 }

interface DelayResult {
  readonly workload: string
  /** The event loop's delay, in ms. */
  readonly p99: number
  readonly max: number
  /** HTTP requests answered, and the slowest one's time in ms. */
  readonly answers: number
  readonly slowest: number
  /** Steps a second awaited beside the server, relative to step.sync alone. */
  readonly throughput: number
}

const run = promisify(execFile)

const cells = ({ workload, p99, max, answers, slowest, throughput }: DelayResult): string[] => [
  ...[workload, time(1000 * p99), time(1000 * most.p99), p99 < most.p99 ? 'yes' : 'no'],
  ...[time(1000 * max), time(1000 * most.max), max < most.max ? 'yes' : 'no'],
  ...[String(answers), time(1000 * slowest), times(throughput)],
]

export const delayBench: Group = async ({ smoke }) => {
  const results: DelayResult[] = []
  for (const [workload, steps, rounds] of smoke ? [['medium-mlp', 2, 1] as const] : trained) {
    const script = fromRoot('test/responsive/serve.mjs')
    const { stdout } = await run(process.execPath, [script, workload, String(steps), String(rounds)])
    const { p99, max, answers, slowest, throughput } = JSON.parse(stdout) as DelayResult
    results.push({ workload, p99, max, answers, slowest, throughput })
  }
  printTable(
    'delay: of the event loop while steps are awaited (the first included), and HTTP requests answered',
    ['workload', 'p99', 'under', 'met', 'longest', 'under', 'met', 'answers', 'slowest', '× step.sync'],
    results.map(cells),
  )
  return results
}
