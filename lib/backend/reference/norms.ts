// Layer norm and RMS norm over the rows of [rows, n], and their gradients. RMS norm is layer norm with neither a mean
// nor a bias: an empty array stands for either.

import type { NumberArray } from '../signature.js'
import type { Backend } from '../table.js'
import { scratch } from './scratch.js'
import { sumOf } from './sum.js'

const none: NumberArray = new Float64Array(0)

function norm(
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
  for (let row = 0, at = 0; row < rows; row++) {
    const center = mean === none ? 0 : sumOf(a, row * n, n, 1) / n
    let squares = 0
    for (let c = row * n; c < (row + 1) * n; c++) squares += (a[c] - center) ** 2
    const scale = 1 / Math.sqrt(squares / n + eps)
    for (let c = 0; c < n; c++, at++) {
      const y = (a[at] - center) * scale * (weight.length > 0 ? weight[c] : 1)
      out[at] = bias.length > 0 ? y + bias[c] : y
    }
    if (mean !== none) mean[row] = center
    rstd[row] = scale
  }
}

function normBackward(
  rows: number,
  n: number,
  g: NumberArray,
  a: NumberArray,
  weight: NumberArray,
  mean: NumberArray,
  rstd: NumberArray,
  out: NumberArray,
): void {
  const slopes = scratch(n)
  for (let row = 0; row < rows; row++) {
    const center = mean === none ? 0 : mean[row]
    let sum = 0
    let dot = 0
    for (let c = 0, at = row * n; c < n; c++, at++) {
      const h = weight.length > 0 ? g[at] * weight[c] : g[at]
      slopes[c] = h
      sum += h
      dot += h * (a[at] - center) * rstd[row]
    }
    const average = mean === none ? 0 : sum / n
    dot /= n
    for (let c = 0, at = row * n; c < n; c++, at++) {
      out[at] = rstd[row] * (slopes[c] - average - (a[at] - center) * rstd[row] * dot)
    }
  }
}

function normWeightBackward(
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
    const center = mean === none ? 0 : mean[row]
    for (let c = 0; c < n; c++, at++) sums[c] += g[at] * (a[at] - center) * rstd[row]
  }
  for (let c = 0; c < n; c++) out[c] = sums[c]
}

export const norms = {
  layerNorm: norm,
  layerNormBackward: normBackward,
  layerNormWeightBackward: normWeightBackward,
  rmsNorm: (rows, n, eps, a, weight, out, rstd) => norm(rows, n, eps, a, weight, none, out, none, rstd),
  rmsNormBackward: (rows, n, g, a, weight, rstd, out) => normBackward(rows, n, g, a, weight, none, rstd, out),
  rmsNormWeightBackward: (rows, n, g, a, rstd, out) => normWeightBackward(rows, n, g, a, none, rstd, out),
} satisfies Partial<Backend>
