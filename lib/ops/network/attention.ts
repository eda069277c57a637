// Scaled dot-product attention of queries, keys and values that lie apart, fused, with its fused gradients.

import { context } from '../../core/context.js'
import type { Plan, Primitive } from '../../core/primitive.js'
import { Tensor } from '../../core/tensor.js'
import { emptyArray } from '../../core/values.js'
import { concat } from '../joining.js'
import { apply } from '../machinery/apply.js'
import { expandTo } from '../machinery/broadcast-gradient.js'
import { declareFunction } from '../machinery/define.js'
import { reshape } from '../shaping.js'
import {
  type AttentionHow,
  type AttentionParams,
  attentionGradients,
  attentionResults,
  broadcastMasks,
} from './attention-composite.js'

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
const attentionOp: Primitive<AttentionParams, Plan> = {
  name: 'attention',
  saves: 'both',
  plan: ([q]) => ({ shape: q.shape, dtype: q.dtype, extras: [{ shape: q.shape.slice(0, -1), dtype: q.dtype }] }),
  forward: (kernels, out, [q, k, v, ...masks], params, _, [lse]) => {
    const [samples, heads, n, width] = q.shape
    const { maskRows, biasRows, mask, bias } = maskArguments(masks, params, q)
    const [qs, ks, vs] = [q, k, v].map(t => t.storage.array)
    const sizes = [samples, heads, n, k.shape[2], width, maskRows, biasRows, params.causal, params.scale] as const
    kernels.attention(...sizes, qs, ks, vs, mask, bias, out, lse.storage.array)
  },
  vjps: (g, { inputs, output, extras: [lse], params, shape }) =>
    gradients(expandTo(g, shape), inputs, output, lse, params),
}

function gradients(
  g: Tensor,
  inputs: readonly Tensor[],
  output: Tensor,
  lse: Tensor,
  params: AttentionParams,
): readonly Tensor[] {
  const [q, k, v, ...masks] = inputs
  const [samples, heads, n, width] = q.shape
  const { causal, scale } = params
  if (context.gradMode && [g, q, k, v].some(t => t.requiresGrad)) {
    return attentionGradients(g, inputs, broadcastMasks(masks, params, heads, n), causal, scale)
  }
  const { maskRows, biasRows, mask, bias } = maskArguments(masks, params, q)
  const made = [q, k, v].map(t => Tensor.allocate(t.shape, t.dtype, 'attentionBackward'))
  const [qs, ks, vs, gs, outs, lses, dq, dk, dv] = [q, k, v, g, output, lse, ...made].map(t => t.storage.array)
  const sizes = [samples, heads, n, k.shape[2], width, maskRows, biasRows, causal, scale] as const
  context.backend.attentionBackward(...sizes, qs, ks, vs, mask, bias, gs, outs, lses, dq, dk, dv)
  return made
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

const joined = (parts: readonly Tensor[]): Tensor => concat(parts.map(part => reshape(part, [-1])))

/** The fused gradients one after another, flat: for the tests, which hold them against their composites. */
export const attentionBackward: (
  g: Tensor,
  q: Tensor,
  k: Tensor,
  v: Tensor,
  bias: Tensor,
  how: AttentionHow,
) => Tensor = declareFunction({
  name: 'attentionBackward',
  call: (g: Tensor, q: Tensor, k: Tensor, v: Tensor, bias: Tensor, { causal, scale }: AttentionHow) => {
    const params = { causal, scale, hasMask: false, hasBias: true }
    const apart = [q, k, v].map(t => t.detach())
    const masks = broadcastMasks([bias], params, q.shape[1], q.shape[2])
    const [output, lse] = attentionResults(apart, masks, causal, scale)
    return joined(gradients(g, [q, k, v, bias], output, lse, params))
  },
  composite: (g: Tensor, q: Tensor, k: Tensor, v: Tensor, bias: Tensor, { causal, scale }: AttentionHow) => {
    const masks = broadcastMasks([bias], { causal, scale, hasMask: false, hasBias: true }, q.shape[1], q.shape[2])
    return joined(attentionGradients(g, [q, k, v], masks, causal, scale))
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
