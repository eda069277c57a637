// Whether two arrays of elements are equal within rounding, for checks: the bits where a kernel has the same on every
// backend, else within what rounding can come to.

import type { NumberArray } from '../../base/dtype.js'

/** Relative to the element, and to the largest magnitude that its rounding errors may come from. */
const tolerances = new Map<unknown, { readonly relative: number; readonly ofLargest: number; readonly tiny: number }>([
  // `tiny`: numbers below the smallest normal one, which kernels may take for 0.
  [Float32Array, { relative: 1e-4, ofLargest: 1e-5, tiny: 2e-38 }],
  [Float64Array, { relative: 1e-9, ofLargest: 1e-11, tiny: 5e-308 }],
])

export const largest = (array: NumberArray): number => {
  let most = 0
  for (let i = 0; i < array.length; i++) if (Number.isFinite(array[i])) most = Math.max(most, Math.abs(array[i]))
  return most
}

/**
 * The first position at which two arrays differ, or −1. NaN equals NaN.
 * @param scale of what the elements were computed from; null where they must be the same to the bit.
 */
export function firstDifference(actual: NumberArray, expected: NumberArray, scale: number | null): number {
  const tolerance = scale === null ? undefined : tolerances.get(expected.constructor)
  const most = tolerance === undefined ? 0 : Math.max(scale ?? 0, largest(expected))
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i], expected[i]]
    if (a === e || (Number.isNaN(a) && Number.isNaN(e))) continue
    if (tolerance === undefined) return i
    const { relative, ofLargest, tiny } = tolerance
    if (!(Math.abs(a - e) <= relative * Math.abs(e) + ofLargest * most + tiny)) return i
  }
  return -1
}
