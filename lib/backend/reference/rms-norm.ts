// Root-mean-square norm over the rows of [rows, n], and its gradients.

import type { NumberArray } from '../signature.js'
import { scratch } from './scratch.js'

export const rmsNorm = {
  rmsNorm(
    rows: number,
    n: number,
    eps: number,
    a: NumberArray,
    weight: NumberArray,
    out: NumberArray,
    rstd: NumberArray,
  ): void {
    const weighted = weight.length > 0
    for (let row = 0; row < rows; row++) {
      const from = row * n
      let squares = 0
      for (let c = from; c < from + n; c++) squares += a[c] ** 2
      const scale = 1 / Math.sqrt(squares / n + eps)
      for (let c = 0; c < n; c++) out[from + c] = a[from + c] * scale * (weighted ? weight[c] : 1)
      rstd[row] = scale
    }
  },

  rmsNormBackward(
    rows: number,
    n: number,
    g: NumberArray,
    a: NumberArray,
    weight: NumberArray,
    rstd: NumberArray,
    out: NumberArray,
  ): void {
    const weighted = weight.length > 0
    for (let row = 0; row < rows; row++) {
      const from = row * n
      let dot = 0
      for (let c = 0; c < n; c++) dot += g[from + c] * (weighted ? weight[c] : 1) * a[from + c] * rstd[row]
      dot /= n
      for (let c = 0; c < n; c++) {
        out[from + c] = rstd[row] * (g[from + c] * (weighted ? weight[c] : 1) - a[from + c] * rstd[row] * dot)
      }
    }
  },

  rmsNormWeightBackward(
    rows: number,
    n: number,
    g: NumberArray,
    a: NumberArray,
    rstd: NumberArray,
    out: NumberArray,
  ): void {
    const sums = scratch(n).fill(0, 0, n)
    for (let row = 0, at = 0; row < rows; row++) for (let c = 0; c < n; c++, at++) sums[c] += g[at] * a[at] * rstd[row]
    for (let c = 0; c < n; c++) out[c] = sums[c]
  },
}
