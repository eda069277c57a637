// Scaled dot-product attention of queries, keys and values that lie apart, fused, with its fused gradients.

import type { Primitive } from '../../core/primitive.js'
import type { Tensor } from '../../core/tensor.js'
import { emptyArray } from '../../core/values.js'
import { apply, applyAll } from '../machinery/apply.js'
import { wholeGradient } from '../machinery/broadcast-gradient.js'
import { declareFunction } from '../machinery/define.js'
import { type AttentionHow, type AttentionParams, attentionGradients, broadcastMasks } from './attention-composite.js'

/** The sizes and arrays of masks as the kernels take them. */
export function maskArguments(masks: readonly Tensor[], { hasMask, hasBias }: AttentionParams, like: Tensor) {
  const mask = hasMask ? masks[0] : undefined
  const bias = hasBias ? masks[masks.length - 1] : undefined
  return {
    maskRows: mask?.shape[1] ?? 1,
    biasRows: bias?.shape[0] ?? 1,
    mask: mask?.storage.array ?? emptyArray(like.dtype),
    bias: bias?.storage.array ?? emptyArray(like.dtype),
  }
}

/** Inputs q, k, v [samples, heads, rows, width], then mask [samples, rows, m] and bias [rows, m] where there are any. */
const attentionOp: Primitive<AttentionParams> = {
  name: 'attention',
  saves: 'both',
  plan: ([q]) => ({ shape: q.shape, dtype: q.dtype, more: [{ shape: q.shape.slice(0, -1), dtype: q.dtype }] }),
  forward: (kernels, out, [q, k, v, ...masks], params, _, [lse]) => {
    const [samples, heads, n, width] = q.shape
    const { maskRows, biasRows, mask, bias } = maskArguments(masks, params, q)
    const [qs, ks, vs] = [q, k, v].map(t => t.storage.array)
    const sizes = [samples, heads, n, k.shape[2], width, maskRows, biasRows, params.causal, params.scale] as const
    kernels.attention(...sizes, qs, ks, vs, mask, bias, out, lse.storage.array)
  },
  jointVjp: ([g], { inputs, results: [output, lse], params }) => {
    const [q, k, v, ...masks] = inputs
    return applyAll(backwardOp, [wholeGradient(g, output), q, k, v, output, lse, ...masks], params)
  },
}

/** The gradients for q, k and v. Inputs g, q, k, v, output, lse, then the masks. */
const backwardOp: Primitive<AttentionParams> = {
  name: 'attentionBackward',
  saves: 'nothing',
  plan: ([, q, k, v]) => ({ shape: q.shape, dtype: q.dtype, more: [k, v] }),
  forward: (kernels, dq, [g, q, k, v, output, lse, ...masks], params, _, more) => {
    const [samples, heads, n, width] = q.shape
    const { maskRows, biasRows, mask, bias } = maskArguments(masks, params, q)
    const [gs, qs, ks, vs, outs, lses, dk, dv] = [g, q, k, v, output, lse, ...more].map(t => t.storage.array)
    const sizes = [samples, heads, n, k.shape[2], width, maskRows, biasRows, params.causal, params.scale] as const
    kernels.attentionBackward(...sizes, qs, ks, vs, mask, bias, gs, outs, lses, dq, dk, dv)
  },
  composite: ([g, q, k, v, , , ...masks], params) => {
    const [, heads, n] = q.shape
    return attentionGradients(g, [q, k, v], broadcastMasks(masks, params, heads, n), params)
  },
}

export type AttentionOp = (
  q: Tensor,
  k: Tensor,
  v: Tensor,
  mask: Tensor | null,
  bias: Tensor | null,
  how: AttentionHow,
) => Tensor

/**
 * softmax(scale·q·kᵀ + mask + bias)·v: q [samples, heads, n, width], k and v [samples, heads, m, width], mask [samples,
 * rows, m], bias [rows, m], rows being 1, n or heads·n; all of one float dtype. No gradient goes to masks.
 */
export const attention: AttentionOp = declareFunction({
  name: 'attention',
  call: (...[q, k, v, mask, bias, how]: Parameters<AttentionOp>) => {
    const masks = [mask, bias].filter(t => t !== null).map(t => t.detach())
    return apply(attentionOp, [q, k, v, ...masks], { ...how, hasMask: mask !== null, hasBias: bias !== null })
  },
  samples: s => {
    const plain = { causal: false, scale: 0.5 }
    const causal = { causal: true, scale: 0.4 }
    return [
      [s.real(2, 2, 3, 4), s.real(2, 2, 5, 4), s.real(2, 2, 5, 4), null, null, plain],
      [s.real(1, 2, 5, 3), s.real(1, 2, 5, 3), s.real(1, 2, 5, 3), null, null, causal],
      [s.real(2, 1, 4, 3), s.real(2, 1, 2, 3), s.real(2, 1, 2, 3), s.constant(2, 1, 2), null, causal],
      [s.real(2, 2, 2, 3), s.real(2, 2, 3, 3), s.real(2, 2, 3, 3), s.constant(2, 4, 3), s.constant(2, 3), plain],
      [s.real(1, 2, 2, 3), s.real(1, 2, 3, 3), s.real(1, 2, 3, 3), null, s.constant(4, 3), plain],
      [s.real(1, 1, 60, 3), s.real(1, 1, 140, 3), s.real(1, 1, 140, 3), s.constant(1, 60, 140), null, plain],
      [s.real(2, 1, 3, 4), s.real(2, 1, 0, 4), s.real(2, 1, 0, 4), null, null, plain],
      [s.real(0, 2, 3, 4), s.real(0, 2, 3, 4), s.real(0, 2, 3, 4), null, null, plain],
    ]
  },
})

export type AttentionGradients = (
  g: Tensor,
  q: Tensor,
  k: Tensor,
  v: Tensor,
  bias: Tensor,
  how: AttentionHow,
) => readonly Tensor[]

const withBias = (how: AttentionHow): AttentionParams => ({ ...how, hasMask: false, hasBias: true })

/** The fused gradients for q, k and v: for the tests, which compare them with the composite. */
export const attentionBackward: AttentionGradients = declareFunction({
  name: 'attentionBackward',
  call: (...[g, q, k, v, bias, how]: Parameters<AttentionGradients>) => {
    const detached = [q, k, v].map(t => t.detach())
    const results = applyAll(attentionOp, [...detached, bias], withBias(how))
    return applyAll(backwardOp, [g, q, k, v, ...results, bias], withBias(how))
  },
  composite: (...[g, q, k, v, bias, how]: Parameters<AttentionGradients>) => {
    const masks = broadcastMasks([bias], withBias(how), q.shape[1], q.shape[2])
    return attentionGradients(g, [q, k, v], masks, how)
  },
  samples: s => [
    [
      s.real(1, 2, 3, 4),
      s.real(1, 2, 3, 4),
      s.real(1, 2, 5, 4),
      s.real(1, 2, 5, 4),
      s.constant(3, 5),
      { causal: true, scale: 0.5 },
    ],
    [
      s.real(1, 1, 50, 2),
      s.real(1, 1, 50, 2),
      s.real(1, 1, 130, 2),
      s.real(1, 1, 130, 2),
      s.constant(1, 130),
      { causal: false, scale: 0.5 },
    ],
  ],
})
