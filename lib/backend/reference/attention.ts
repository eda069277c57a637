// Scaled dot-product attention, a head at a time and within it a row at a time.

import type { NumberArray } from '../signature.js'
import { backwardOf, forwardOf, type Head, type Masks } from './attention/head.js'

/** Calls `each` for every head with its number, and the number of its first row among its sample's. */
function eachHead(
  samples: number,
  heads: number,
  n: number,
  each: (sample: number, head: number, row: number) => void,
) {
  for (let sample = 0; sample < samples; sample++) for (let h = 0; h < heads; h++) each(sample, h, h * n)
}

export const attention = {
  attention(
    samples: number,
    heads: number,
    n: number,
    m: number,
    width: number,
    maskRows: number,
    biasRows: number,
    causal: boolean,
    scale: number,
    q: NumberArray,
    k: NumberArray,
    v: NumberArray,
    mask: NumberArray,
    bias: NumberArray,
    out: NumberArray,
    lse: NumberArray,
  ): void {
    const masks: Masks = { mask, maskRows, bias, biasRows, causal, scale }
    eachHead(samples, heads, n, (sample, h, row) => {
      const at = sample * heads + h
      forwardOf(
        headAt(at, n, m, width, q, k, v),
        masks,
        sample,
        row,
        { array: out, at: at * n * width, row: width },
        lse,
        at * n,
      )
    })
  },

  attentionBackward(
    samples: number,
    heads: number,
    n: number,
    m: number,
    width: number,
    maskRows: number,
    biasRows: number,
    causal: boolean,
    scale: number,
    q: NumberArray,
    k: NumberArray,
    v: NumberArray,
    mask: NumberArray,
    bias: NumberArray,
    g: NumberArray,
    out: NumberArray,
    lse: NumberArray,
    dq: NumberArray,
    dk: NumberArray,
    dv: NumberArray,
  ): void {
    const masks: Masks = { mask, maskRows, bias, biasRows, causal, scale }
    eachHead(samples, heads, n, (sample, h, row) => {
      const at = sample * heads + h
      const rows = { at: at * n * width, row: width }
      const results = { g: { array: g, ...rows }, out: { array: out, ...rows }, lse, lseAt: at * n }
      backwardOf(headAt(at, n, m, width, q, k, v), masks, sample, row, results, headAt(at, n, m, width, dq, dk, dv))
    })
  },

  packedAttention(
    samples: number,
    heads: number,
    n: number,
    width: number,
    maskRows: number,
    biasRows: number,
    causal: boolean,
    scale: number,
    qkv: NumberArray,
    mask: NumberArray,
    bias: NumberArray,
    out: NumberArray,
    lse: NumberArray,
  ): void {
    const masks: Masks = { mask, maskRows, bias, biasRows, causal, scale }
    eachHead(samples, heads, n, (sample, h, row) => {
      const result = { array: out, at: (sample * n * heads + h) * width, row: heads * width }
      forwardOf(packedHead(sample, h, heads, n, width, qkv), masks, sample, row, result, lse, (sample * heads + h) * n)
    })
  },

  packedAttentionBackward(
    samples: number,
    heads: number,
    n: number,
    width: number,
    maskRows: number,
    biasRows: number,
    causal: boolean,
    scale: number,
    qkv: NumberArray,
    mask: NumberArray,
    bias: NumberArray,
    g: NumberArray,
    out: NumberArray,
    lse: NumberArray,
    dqkv: NumberArray,
  ): void {
    const masks: Masks = { mask, maskRows, bias, biasRows, causal, scale }
    eachHead(samples, heads, n, (sample, h, row) => {
      const rows = { at: (sample * n * heads + h) * width, row: heads * width }
      const results = { g: { array: g, ...rows }, out: { array: out, ...rows }, lse, lseAt: (sample * heads + h) * n }
      const gradients = packedHead(sample, h, heads, n, width, dqkv)
      backwardOf(packedHead(sample, h, heads, n, width, qkv), masks, sample, row, results, gradients)
    })
  },
}

/** The head at `at` of arrays [heads of all samples, rows, width]. */
function headAt(at: number, n: number, m: number, width: number, q: NumberArray, k: NumberArray, v: NumberArray): Head {
  const keys = { at: at * m * width, row: width }
  return {
    n,
    m,
    width,
    q: { array: q, at: at * n * width, row: width },
    k: { array: k, ...keys },
    v: { array: v, ...keys },
  }
}

/** The head `h` of a sample of an array [samples, n, 3, heads, width]. */
function packedHead(sample: number, h: number, heads: number, n: number, width: number, array: NumberArray): Head {
  const row = 3 * heads * width
  const part = (which: number) => ({ array, at: sample * n * row + (which * heads + h) * width, row })
  return { n, m: n, width, q: part(0), k: part(1), v: part(2) }
}
