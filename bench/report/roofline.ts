// How near kernels are to what the machine gives: the time that their bytes or their arithmetic would take at its measured
// peaks, over the time that they take.

import { digits, time } from './format.js'
import { printTable } from './table.js'

/** What a kernel's figures say of it. */
export interface Measured {
  readonly kernel: string
  readonly shape: string
  /** µs of a call. */
  readonly micros: number
  readonly bytes: number
  readonly flops: number
}

/** Units of 10⁹ a second. */
export interface Peaks {
  readonly bytes: number
  readonly flops: number
}

export interface Roof extends Measured {
  /** µs that it would take at the peaks, and which of them it is. */
  readonly bound: number
  readonly by: 'bytes' | 'flops'
  /** The part of the bound's speed that it has. */
  readonly part: number
}

/** Below this the caches hold it, which are faster than the peak that is measured. */
const leastBytes = 8e6

/** µs at the peaks; null where no bound is known: what the caches hold, and has no count of its arithmetic. */
export function roofOf(measured: Measured, peaks: Peaks): Roof | null {
  const [byBytes, byFlops] = [measured.bytes / peaks.bytes / 1000, measured.flops / peaks.flops / 1000]
  if (measured.bytes < leastBytes && byFlops < byBytes) return null
  const bound = Math.max(byBytes, byFlops)
  return { ...measured, bound, by: byFlops > byBytes ? 'flops' : 'bytes', part: bound / measured.micros }
}

/** The farthest from their bounds, each kernel once. */
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
    `the slowest kernels relative to their bound: copying ${digits(peaks.bytes)} GB/s, sgemm ${digits(peaks.flops)} GFLOP/s\n` +
      '(bytes as the rows count them, each element once; calls that the caches hold are left out)',
    ['kernel', 'shape', 'native', 'bound', 'by', 'of the bound'],
    roofs.map(({ kernel, shape, micros, bound, by, part }) => [
      ...[kernel, shape, time(micros), time(bound), by, `${(100 * part).toFixed(0)}%`],
    ]),
    2,
  )
}
