// Layer norm over the rows of [rows, n], and its gradients.

import type { NumberArray } from '../../signature.js'
import { scratch } from '../scratch.js'

export const layerNorm = {
  layerNorm(
    rows: number,
    n: number,
    eps: number,
    a: NumberArray,
    weight: NumberArray,
    bias: NumberArray,
    out: NumberArray,
    mean: NumberArray,
    rstd: NumberArray,
  ): void {
    const weighted = weight.length > 0
    const biased = bias.length > 0
    for (let row = 0; row < rows; row++) {
      const from = row * n
      let sum = 0
      for (let c = from; c < from + n; c++) sum += a[c]
      const center = sum / n
      let squares = 0
      for (let c = from; c < from + n; c++) squares += (a[c] - center) ** 2
      const scale = 1 / Math.sqrt(squares / n + eps)
      for (let c = 0; c < n; c++) {
        out[from + c] = (a[from + c] - center) * scale * (weighted ? weight[c] : 1) + (biased ? bias[c] : 0)
      }
      mean[row] = center
      rstd[row] = scale
    }
  },

  layerNormBackward(
    rows: number,
    n: number,
    g: NumberArray,
    a: NumberArray,
    weight: NumberArray,
    mean: NumberArray,
    rstd: NumberArray,
    out: NumberArray,
  ): void {
    const weighted = weight.length > 0
    for (let row = 0; row < rows; row++) {
      const from = row * n
      let sum = 0
      let dot = 0
      for (let c = 0; c < n; c++) {
        const h = weighted ? g[from + c] * weight[c] : g[from + c]
        sum += h
        dot += h * (a[from + c] - mean[row]) * rstd[row]
      }
      sum /= n
      dot /= n
      for (let c = 0; c < n; c++) {
        const h = weighted ? g[from + c] * weight[c] : g[from + c]
        out[from + c] = rstd[row] * (h - sum - (a[from + c] - mean[row]) * rstd[row] * dot)
      }
    }
  },

  layerNormWeightBackward(
    rows: number,
    n: number,
    g: NumberArray,
    a: NumberArray,
    mean: NumberArray,
    rstd: NumberArray,
    out: NumberArray,
  ): void {
    const sums = scratch(n).fill(0, 0, n)
    for (let row = 0, at = 0; row < rows; row++) {
      for (let c = 0; c < n; c++, at++) sums[c] += g[at] * (a[at] - mean[row]) * rstd[row]
    }
    for (let c = 0; c < n; c++) out[c] = sums[c]
  },
}
