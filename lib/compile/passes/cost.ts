// What a step costs, roughly: enough to tell work that is worth sharing among threads from work that is not.

import { flopsOf } from '../../backend/lengths.js'
import { isGroup, type Work } from '../plan.js'
import type { Value } from '../program.js'
import { sizeOf, sizesOf } from './accesses.js'
import { usesOfWork } from './check-region.js'

// Of one thread.
const flopsPerMicro = 80_000
const bytesPerMicro = 16_000

/** Microseconds on one thread. */
export function microsOf(values: readonly Value[], work: Work): number {
  const flops = isGroup(work) ? 0 : flopsOf(work.kernel, sizesOf(values, work))
  const bytes = usesOfWork(values, work).reduce((sum, { id }) => sum + sizeOf(values[id]), 0)
  return Math.max(flops / flopsPerMicro, bytes / bytesPerMicro)
}
