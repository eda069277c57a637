// Attention of one head: n rows that read m keys. The formulas are in the table.

import type { NumberArray } from '../../signature.js'
import { scratch } from '../scratch.js'

/** Rows of `width` elements within an array: the first begins at `at`, each `row` after the one before. */
export interface View {
  readonly array: NumberArray
  readonly at: number
  readonly row: number
}

export interface Head {
  readonly n: number
  readonly m: number
  readonly width: number
  readonly q: View
  readonly k: View
  readonly v: View
}

/** What is added to scores, and which keys count. */
export interface Masks {
  readonly mask: NumberArray
  readonly maskRows: number
  readonly bias: NumberArray
  readonly biasRows: number
  readonly causal: boolean
  readonly scale: number
}

/** What forward gave, and the gradient of it. */
export interface Results {
  readonly g: View
  readonly out: View
  readonly lse: NumberArray
  readonly lseAt: number
}

function dot(a: View, i: number, b: View, j: number, width: number): number {
  let sum = 0
  for (let c = 0, x = a.at + i * a.row, y = b.at + j * b.row; c < width; c++) sum += a.array[x + c] * b.array[y + c]
  return sum
}

/** Fills the scores of row i; returns how many keys it reads. `first`: the number of row 0 among its sample's rows. */
function scoresOf({ m, width, q, k }: Head, masks: Masks, sample: number, first: number, i: number, s: Float64Array) {
  const { mask, maskRows, bias, biasRows, causal, scale } = masks
  const keys = causal ? Math.min(m, i + 1) : m
  const maskAt = mask.length > 0 && maskRows > 0 ? (sample * maskRows + ((first + i) % maskRows)) * m : -1
  const biasAt = bias.length > 0 && biasRows > 0 ? ((first + i) % biasRows) * m : -1
  for (let j = 0; j < keys; j++) {
    s[j] = dot(q, i, k, j, width) * scale
    if (maskAt >= 0) s[j] += mask[maskAt + j]
    if (biasAt >= 0) s[j] += bias[biasAt + j]
  }
  return keys
}

export function forwardOf(
  head: Head,
  masks: Masks,
  sample: number,
  first: number,
  out: View,
  lse: NumberArray,
  lseAt: number,
): void {
  const { n, m, width, v } = head
  const s = scratch(m)
  for (let i = 0; i < n; i++) {
    const keys = scoresOf(head, masks, sample, first, i, s)
    let largest = Number.NEGATIVE_INFINITY
    for (let j = 0; j < keys; j++) largest = Math.max(largest, s[j])
    const shift = largest === Number.NEGATIVE_INFINITY ? 0 : largest
    let total = 0
    for (let j = 0; j < keys; j++) {
      s[j] = Math.exp(s[j] - shift)
      total += s[j]
    }
    const readsNone = keys > 0 && total === 0
    lse[lseAt + i] = readsNone ? Number.POSITIVE_INFINITY : shift + Math.log(total)
    for (let c = 0; c < width; c++) {
      let sum = 0
      for (let j = 0; j < keys; j++) sum += s[j] * v.array[v.at + j * v.row + c]
      out.array[out.at + i * out.row + c] = keys === 0 || readsNone ? 0 : sum / total
    }
  }
}

/** Fills the gradients for q, k and v, which lie as `to` says. */
export function backwardOf(
  head: Head,
  masks: Masks,
  sample: number,
  first: number,
  { g, out, lse, lseAt }: Results,
  to: Head,
): void {
  const { n, m, width, q, k, v } = head
  const memory = scratch(m + (2 * m + n) * width).fill(0, m, m + (2 * m + n) * width)
  const s = memory.subarray(0, m)
  const dk = memory.subarray(m, m + m * width)
  const dv = memory.subarray(m + m * width, m + 2 * m * width)
  const dq = memory.subarray(m + 2 * m * width)
  for (let i = 0; i < n; i++) {
    const keys = scoresOf(head, masks, sample, first, i, s)
    const mean = dot(g, i, out, i, width)
    for (let j = 0; j < keys; j++) {
      const p = Math.exp(s[j] - lse[lseAt + i])
      const d = p * (dot(g, i, v, j, width) - mean) * masks.scale
      for (let c = 0; c < width; c++) {
        dv[j * width + c] += p * g.array[g.at + i * g.row + c]
        dk[j * width + c] += d * q.array[q.at + i * q.row + c]
        dq[i * width + c] += d * k.array[k.at + j * k.row + c]
      }
    }
  }
  store(dq, n, width, to.q)
  store(dk, m, width, to.k)
  store(dv, m, width, to.v)
}

function store(from: Float64Array, rows: number, width: number, { array, at, row }: View): void {
  for (let i = 0; i < rows; i++) for (let c = 0; c < width; c++) array[at + i * row + c] = from[i * width + c]
}
