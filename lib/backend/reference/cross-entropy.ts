// Cross-entropy of logits against class ids, and its gradient.

import type { NumberArray } from '../signature.js'
import { logSumOfOthers, maximum } from './log-sum.js'

/** The first row whose id is neither a class nor ignoreIndex, or −1. */
function firstBadId(rows: number, n: number, ignoreIndex: number, ids: Int32Array): number {
  for (let row = 0; row < rows; row++) {
    if ((ids[row] < 0 || ids[row] >= n) && ids[row] !== ignoreIndex) return row
  }
  return -1
}

export const crossEntropy = {
  crossEntropy(
    rows: number,
    n: number,
    ignoreIndex: number,
    smoothing: number,
    a: NumberArray,
    ids: Int32Array,
    weight: NumberArray,
    losses: NumberArray,
    weights: NumberArray,
    logSum: NumberArray,
  ): number {
    const bad = firstBadId(rows, n, ignoreIndex, ids)
    if (bad !== -1) return bad
    const weighted = weight.length > 0
    for (let row = 0; row < rows; row++) {
      const from = row * n
      const largest = maximum(a, from, n, 1)
      const log = logSumOfOthers(a, from, n, 1, largest)
      logSum[row] = log
      const id = ids[row]
      if (id === ignoreIndex) {
        losses[row] = 0
        weights[row] = 0
        continue
      }
      const w = weighted ? weight[id] : 1
      // Neither term is negative: no digits cancel.
      let loss = (1 - smoothing) * w * (log + (largest - a[from + id]))
      if (smoothing !== 0) {
        let sum = 0
        for (let c = 0; c < n; c++) sum += (weighted ? weight[c] : 1) * (log + (largest - a[from + c]))
        loss += (smoothing / n) * sum
      }
      losses[row] = loss
      weights[row] = w
    }
    return -1
  },

  crossEntropyBackward(
    rows: number,
    n: number,
    ignoreIndex: number,
    smoothing: number,
    g: NumberArray,
    a: NumberArray,
    ids: Int32Array,
    weight: NumberArray,
    logSum: NumberArray,
    out: NumberArray,
  ): void {
    const weighted = weight.length > 0
    let weightSum = 0
    for (let c = 0; c < n; c++) weightSum += weighted ? weight[c] : 1
    const share = smoothing / n
    for (let row = 0; row < rows; row++) {
      const from = row * n
      const id = ids[row]
      if (id === ignoreIndex || id < 0 || id >= n) {
        out.fill(0, from, from + n)
        continue
      }
      const factor = (1 - smoothing) * (weighted ? weight[id] : 1)
      const largest = maximum(a, from, n, 1)
      const own = a[from + id]
      for (let c = 0; c < n; c++) {
        const p = Math.exp(a[from + c] - largest - logSum[row])
        const smooth = smoothing === 0 ? 0 : share * (p * weightSum - (weighted ? weight[c] : 1))
        out[from + c] = g[row] * (factor * (c === id ? Math.expm1(own - largest - logSum[row]) : p) + smooth)
      }
    }
  },
}
