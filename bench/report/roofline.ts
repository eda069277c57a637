// A roofline model: the time of a kernel's bytes or arithmetic at the machine's measured peaks, relative to its actual
// time.

import { digits, time } from './format.js'
import { printTable } from './table.js'

/** A kernel's measurements. */
export interface Measured {
  readonly kernel: string
  readonly shape: string
  /** µs per call. */
  readonly micros: number
  readonly bytes: number
  readonly flops: number
}

/** GB/s and GFLOP/s. */
export interface Peaks {
  readonly bytes: number
  readonly flops: number
}

export interface Roof extends Measured {
  /** The lower bound in µs, and the peak that gives it. */
  readonly bound: number
  readonly by: 'bytes' | 'flops'
  /** The bound relative to the measured time. */
  readonly part: number
}

/** Smaller arrays fit the caches, which exceed the measured bandwidth. */
const leastBytes = 8e6

/** The bound of a call; null if unknown: arrays in the caches and no count of arithmetic. */
export function roofOf(measured: Measured, peaks: Peaks): Roof | null {
  const [byBytes, byFlops] = [measured.bytes / peaks.bytes / 1000, measured.flops / peaks.flops / 1000]
  if (measured.bytes < leastBytes && byFlops < byBytes) return null
  const bound = Math.max(byBytes, byFlops)
  return { ...measured, bound, by: byFlops > byBytes ? 'flops' : 'bytes', part: bound / measured.micros }
}

/** The calls farthest below the roofline, one per kernel. */
export function slowest(all: readonly Measured[], peaks: Peaks, count = 5): readonly Roof[] {
  const worst = new Map<string, Roof>()
  for (const measured of all) {
    const roof = roofOf(measured, peaks)
    if (roof !== null && roof.part < (worst.get(roof.kernel)?.part ?? Number.POSITIVE_INFINITY)) {
      worst.set(roof.kernel, roof)
    }
  }
  return [...worst.values()].sort((a, b) => a.part - b.part).slice(0, count)
}

export function printRoofs(roofs: readonly Roof[], peaks: Peaks): void {
  printTable(
    `the kernels farthest below the roofline: copy ${digits(peaks.bytes)} GB/s, sgemm ${digits(peaks.flops)} GFLOP/s\n` +
      '(bytes count each element once; calls whose arrays fit the caches are left out)',
    ['kernel', 'shape', 'native', 'bound', 'by', 'of the bound'],
    roofs.map(({ kernel, shape, micros, bound, by, part }) => [
      ...[kernel, shape, time(micros), time(bound), by, `${(100 * part).toFixed(0)}%`],
    ]),
    2,
  )
}
