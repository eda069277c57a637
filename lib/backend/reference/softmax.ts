// Softmax and log-softmax along the middle axis of [outer, n, inner].

import type { NumberArray } from '../signature.js'
import { logSumOfOthers, maximum } from './log-sum.js'
import { scratch } from './scratch.js'
import { sumOf } from './sum.js'

/** A kernel over one slice along the reduction axis: n elements, `step` apart. */
type Forward = (n: number, step: number, from: number, a: NumberArray, out: NumberArray) => void
type Backward = (n: number, step: number, from: number, g: NumberArray, y: NumberArray, out: NumberArray) => void

const overSlices =
  (slice: Forward) =>
  (outer: number, n: number, inner: number, a: NumberArray, out: NumberArray): void => {
    for (let o = 0; o < outer; o++) for (let i = 0; i < inner; i++) slice(n, inner, o * n * inner + i, a, out)
  }

const overSlicesBackward =
  (slice: Backward) =>
  (outer: number, n: number, inner: number, g: NumberArray, y: NumberArray, out: NumberArray): void => {
    for (let o = 0; o < outer; o++) for (let i = 0; i < inner; i++) slice(n, inner, o * n * inner + i, g, y, out)
  }

export const softmax = {
  softmax: overSlices((n, step, from, a, out) => {
    const powers = scratch(n)
    const largest = maximum(a, from, n, step)
    let total = 0
    for (let k = 0, at = from; k < n; k++, at += step) {
      powers[k] = Math.exp(a[at] - largest)
      total += powers[k]
    }
    for (let k = 0, at = from; k < n; k++, at += step) out[at] = powers[k] / total
  }),
  softmaxBackward: overSlicesBackward((n, step, from, g, y, out) => {
    let dot = 0
    for (let k = 0, at = from; k < n; k++, at += step) dot += g[at] * y[at]
    for (let k = 0, at = from; k < n; k++, at += step) out[at] = y[at] * (g[at] - dot)
  }),
  logSoftmax: overSlices((n, step, from, a, out) => {
    const largest = maximum(a, from, n, step)
    const log = logSumOfOthers(a, from, n, step, largest)
    for (let k = 0, at = from; k < n; k++, at += step) out[at] = a[at] - largest - log
  }),
  logSoftmaxBackward: overSlicesBackward((n, step, from, g, y, out) => {
    const total = sumOf(g, from, n, step)
    for (let k = 0, at = from; k < n; k++, at += step) {
      // Where e^y is nearly 1, from e^y − 1: the digits of a small difference would be lost.
      out[at] = y[at] > -0.5 ? g[at] - total - Math.expm1(y[at]) * total : g[at] - Math.exp(y[at]) * total
    }
  }),
}
