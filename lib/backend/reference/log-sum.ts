// The logarithm of a sum of exponentials along a slice: n elements from a[from] on, `step` apart.

import type { NumberArray } from '../signature.js'

/** The largest element; NaN if any is NaN, −∞ of none. */
export function maximum(a: NumberArray, from: number, n: number, step: number): number {
  let largest = Number.NEGATIVE_INFINITY
  for (let k = 0, at = from; k < n; k++, at += step) largest = Math.max(largest, a[at])
  return largest
}

/**
 * ln Σ e^(a − largest). The 1 of one maximum is added last, by log1p: beside it a small sum of the others would lose its
 * digits. NaN where `largest` is not finite.
 */
export function logSumOfOthers(a: NumberArray, from: number, n: number, step: number, largest: number): number {
  if (!Number.isFinite(largest)) return Number.NaN
  let others = 0
  let ties = -1
  for (let k = 0, at = from; k < n; k++, at += step) {
    if (a[at] === largest) ties++
    else others += Math.exp(a[at] - largest)
  }
  return Math.log1p(others + ties)
}
