// The reductions, in TypeScript: float64 sums in plain order for floats, wrapping 32-bit arithmetic for integers.

import type { NumberArray } from '../signature.js'
import { logSumOfOthers, maximum } from './log-sum.js'
import { scratch } from './scratch.js'
import { sumOf } from './sum.js'

type Reduce = (outer: number, n: number, inner: number, a: NumberArray, out: NumberArray) => void
type ReduceToIndex = (outer: number, n: number, inner: number, a: NumberArray, out: Int32Array) => void

const isInteger = (a: NumberArray): boolean => a instanceof Int32Array || a instanceof Uint8Array

const sum: Reduce = (outer, n, inner, a, out) => {
  if (isInteger(a)) return sumIntegers(outer, n, inner, a, out)
  if (inner === 1) {
    for (let row = 0; row < outer; row++) out[row] = sumOf(a, row * n, n, 1)
    return
  }
  // As sums of 64 rows: one long sum would lose digits.
  const totals = scratch(2 * inner)
  for (let o = 0, at = 0; o < outer; o++) {
    totals.fill(0, 0, inner)
    for (let k = 0; k < n; ) {
      totals.fill(0, inner, 2 * inner)
      for (const end = Math.min(k + 64, n); k < end; k++) {
        for (let i = inner; i < 2 * inner; i++) totals[i] += a[at++]
      }
      for (let i = 0; i < inner; i++) totals[i] += totals[inner + i]
    }
    for (let i = 0; i < inner; i++) out[o * inner + i] = totals[i]
  }
}

const sumIntegers: Reduce = (outer, n, inner, a, out) => {
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      let total = 0
      for (let k = 0, at = o * n * inner + i; k < n; k++, at += inner) total = (total + a[at]) | 0
      out[o * inner + i] = total
    }
  }
}

const prod: Reduce = (outer, n, inner, a, out) => {
  const integer = isInteger(a)
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      let total = 1
      let at = o * n * inner + i
      if (integer) for (let k = 0; k < n; k++, at += inner) total = Math.imul(total, a[at])
      else for (let k = 0; k < n; k++, at += inner) total *= a[at]
      out[o * inner + i] = total
    }
  }
}

/** The position along the reduction axis of the largest (the smallest for sign −1), the first of several; of the first NaN. */
function extremeOf(a: NumberArray, from: number, n: number, step: number, sign: 1 | -1): number {
  let best = 0
  let value = sign * a[from]
  if (Number.isNaN(value)) return 0
  for (let k = 1, at = from + step; k < n; k++, at += step) {
    const x = sign * a[at]
    if (Number.isNaN(x)) return k
    if (x > value) {
      value = x
      best = k
    }
  }
  return best
}

const extreme =
  (sign: 1 | -1): Reduce =>
  (outer, n, inner, a, out) => {
    if (n === 0) return
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        const from = o * n * inner + i
        out[o * inner + i] = a[from + extremeOf(a, from, n, inner, sign) * inner]
      }
    }
  }

const argExtreme =
  (sign: 1 | -1): ReduceToIndex =>
  (outer, n, inner, a, out) => {
    if (n === 0) return
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) out[o * inner + i] = extremeOf(a, o * n * inner + i, n, inner, sign)
    }
  }

const logsumexp: Reduce = (outer, n, inner, a, out) => {
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const largest = maximum(a, o * n * inner + i, n, inner)
      const log = Number.isFinite(largest) ? logSumOfOthers(a, o * n * inner + i, n, inner, largest) : 0
      out[o * inner + i] = largest + log
    }
  }
}

function prodBackward(outer: number, n: number, inner: number, g: NumberArray, a: NumberArray, out: NumberArray): void {
  const before = scratch(n)
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const from = o * n * inner + i
      let product = 1
      for (let k = 0, at = from; k < n; k++, at += inner) {
        before[k] = product
        product *= a[at]
      }
      product = g[o * inner + i]
      for (let k = n - 1, at = from + k * inner; k >= 0; k--, at -= inner) {
        const x = a[at]
        out[at] = before[k] * product
        product *= x
      }
    }
  }
}

export const reductions = {
  sum,
  prod,
  max: extreme(1),
  min: extreme(-1),
  argmax: argExtreme(1),
  argmin: argExtreme(-1),
  logsumexp,
  prodBackward,
}
