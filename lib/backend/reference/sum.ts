// A sum that keeps its digits over many elements.

import type { NumberArray } from '../signature.js'

const run = 64

/** Σ of n elements from a[from] on, `step` apart, as the sum of the sums of 64: one long sum would lose digits. */
export function sumOf(a: NumberArray, from: number, n: number, step: number): number {
  let total = 0
  for (let k = 0, at = from; k < n; ) {
    let part = 0
    for (const end = Math.min(k + run, n); k < end; k++, at += step) part += a[at]
    total += part
  }
  return total
}
