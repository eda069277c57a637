// Notes at each piece of work what an executor needs to partition and to share it: rows, axis, arguments, cost.

import { isRegion, type Schedule, type Step, type Work } from '../plan.js'
import type { Value } from '../program.js'
import { microsOf } from './cost.js'
import { rowsOf } from './rows.js'

/** The steps with the schedule of each piece of work. */
export const scheduleSteps = (values: readonly Value[], steps: readonly Step[]): Step[] =>
  steps.map(step =>
    isRegion(step)
      ? {
          chains: step.chains.map(chain => ({ ...chain, steps: chain.steps.map(work => scheduled(values, work)) })),
        }
      : scheduled(values, step),
  )

function scheduled(values: readonly Value[], work: Work): Work {
  const rows = rowsOf(values, work)
  const schedule: Schedule = {
    rows: rows?.count ?? 0,
    axis: rows?.axis ?? -1,
    along: rows?.arguments ?? 0,
    micros: microsOf(values, work),
  }
  return { ...work, schedule }
}
