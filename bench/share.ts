// Measures the share of a step in matrix products: OpenBLAS's and our own. The addon reads the clock before and after each
// product. Shares are of the time of all threads, waiting included.

import { loadNative } from 'blasgrad/backend'
import { time } from './report/format.js'
import { printTable } from './report/table.js'
import { allThreads, use } from './support/backends.js'
import type { Group } from './support/group.js'
import { median } from './support/timing.js'
import { compiled } from './workloads/ways.js'
import { inTurn, type Workload, workloadsOf } from './workloads/workloads.js'

/** Required share of OpenBLAS in large-mlp's step. */
const target = { workload: 'large-mlp', blas: 0.85 }

/** The shortest round, in ms, and the number of rounds. */
const [leastMs, rounds] = [40, 5]

interface ShareResult {
  readonly workload: string
  readonly threads: number
  /** µs of one step while products are timed. */
  readonly step: number
  /** Shares of the threads' time, medians of the rounds: OpenBLAS, own products. */
  readonly blas: number
  readonly own: number
}

function shareOf(workload: Workload, threads: number, smoke: boolean): ShareResult {
  use('native', threads)
  const { productTimes } = loadNative()
  const start = workload.start()
  const run = inTurn(compiled(start).sync, start.batches)
  for (let i = 0; i < (smoke ? 1 : 3); i++) run()
  const measured = Array.from({ length: smoke ? 1 : rounds }, () => {
    productTimes(true)
    const begin = performance.now()
    let steps = 0
    do {
      run()
      steps++
    } while (!smoke && performance.now() - begin < leastMs)
    const micros = (performance.now() - begin) * 1000
    const { blas, own } = productTimes(false)
    return { step: micros / steps, blas: blas / (micros * threads), own: own / (micros * threads) }
  })
  const middle = (key: 'step' | 'blas' | 'own'): number => median(measured.map(round => round[key]))
  return { workload: workload.name, threads, step: middle('step'), blas: middle('blas'), own: middle('own') }
}

const percent = (part: number): string => `${(100 * part).toFixed(1)}%`

const cells = ({ workload, threads, step, blas, own }: ShareResult): string[] => [
  ...[workload, String(threads), time(step), percent(blas), percent(own), percent(Math.max(0, 1 - blas - own))],
  ...(workload === target.workload ? [percent(target.blas), blas >= target.blas ? 'yes' : 'no'] : ['', '']),
]

export const shareBench: Group = async settings => {
  const results = workloadsOf(settings).flatMap(workload =>
    [...new Set([1, allThreads])].map(threads => shareOf(workload, threads, settings.smoke)),
  )
  use('native')
  printTable(
    'share: of a compiled step’s time on all its threads (other: other kernels and waiting)',
    ['workload', 'threads', 'step', 'OpenBLAS', 'own products', 'other', 'target', 'met'],
    results.map(cells),
  )
  return results
}
