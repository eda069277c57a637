// Self-attention of packed queries, keys and values, as one projection gives them: no copies to split or join them.

import type { Primitive } from '../../core/primitive.js'
import type { Tensor } from '../../core/tensor.js'
import { stack } from '../joining.js'
import { apply, applyAll } from '../machinery/apply.js'
import { expandTo } from '../machinery/broadcast-gradient.js'
import { declareFunction } from '../machinery/define.js'
import { permute } from '../permuting.js'
import { reshape } from '../shaping.js'
import { maskArguments } from './attention.js'
import { type AttentionHow, type AttentionParams, attentionGradients, broadcastMasks } from './attention-composite.js'

interface PackedParams extends AttentionParams {
  readonly heads: number
}

const widthOf = (qkv: Tensor, heads: number): number => qkv.shape[2] / (3 * heads)

/** [samples, n, 3·heads·width] as three of [samples, heads, n, width]. */
export function unpack(qkv: Tensor, heads: number): [q: Tensor, k: Tensor, v: Tensor] {
  const [samples, n] = qkv.shape
  const apart = permute(reshape(qkv, [samples, n, 3, heads, widthOf(qkv, heads)]), [2, 0, 3, 1, 4])
  const part = (i: number): Tensor => reshape(apart.slice([i, i + 1]), apart.shape.slice(1))
  return [part(0), part(1), part(2)]
}

/** [samples, heads, n, width] as [samples, n, heads·width]. */
export function joinHeads(x: Tensor): Tensor {
  const [samples, heads, n, width] = x.shape
  return reshape(permute(x, [0, 2, 1, 3]), [samples, n, heads * width])
}

function splitHeads(x: Tensor, heads: number): Tensor {
  const [samples, n, all] = x.shape
  return permute(reshape(x, [samples, n, heads, all / heads]), [0, 2, 1, 3])
}

/** Inputs g, qkv, output, lse, then the masks. */
const backwardOp: Primitive<PackedParams> = {
  name: 'packedAttentionBackward',
  saves: 'nothing',
  plan: ([, qkv]) => ({ shape: qkv.shape, dtype: qkv.dtype }),
  forward: (k, out, [g, qkv, output, lse, ...masks], params) => {
    const { heads, causal, scale } = params
    const [samples, n] = qkv.shape
    const { maskRows, biasRows, mask, bias } = maskArguments(masks, params, qkv)
    const [gs, qkvs, outs, lses] = [g, qkv, output, lse].map(t => t.storage.array)
    const sizes = [samples, heads, n, widthOf(qkv, heads), maskRows, biasRows, causal, scale] as const
    k.packedAttentionBackward(...sizes, qkvs, mask, bias, gs, outs, lses, out)
  },
  composite: ([g, qkv, , , ...masks], params) => backwardComposite(g, qkv, masks, params),
}

function backwardComposite(g: Tensor, qkv: Tensor, masks: readonly Tensor[], params: PackedParams): Tensor {
  const { heads } = params
  const added = broadcastMasks(masks, params, heads, qkv.shape[1])
  const parts = attentionGradients(splitHeads(g, heads), unpack(qkv, heads), added, params)
  return reshape(permute(stack(parts), [1, 3, 0, 2, 4]), qkv.shape)
}

/** Inputs qkv, then mask [samples, rows, n] and bias [rows, n] where there are any. */
const packedOp: Primitive<PackedParams> = {
  name: 'packedAttention',
  saves: 'both',
  plan: ([{ shape, dtype }], { heads }) => ({
    shape: [shape[0], shape[1], shape[2] / 3],
    dtype,
    more: [{ shape: [shape[0], heads, shape[1]], dtype }],
  }),
  forward: (k, out, [qkv, ...masks], params, _, [lse]) => {
    const { heads, causal, scale } = params
    const [samples, n] = qkv.shape
    const { maskRows, biasRows, mask, bias } = maskArguments(masks, params, qkv)
    const sizes = [samples, heads, n, widthOf(qkv, heads), maskRows, biasRows, causal, scale] as const
    k.packedAttention(...sizes, qkv.storage.array, mask, bias, out, lse.storage.array)
  },
  vjp: (g, { inputs: [qkv, ...masks], results: [output, lse], params, shape }, i) =>
    i === 0 ? apply(backwardOp, [expandTo(g, shape), qkv, output, lse, ...masks], params) : null,
}

export type PackedAttentionOp = (
  qkv: Tensor,
  heads: number,
  mask: Tensor | null,
  bias: Tensor | null,
  how: AttentionHow,
) => Tensor

/**
 * Self-attention of qkv [samples, n, 3·heads·width], queries before keys before values, each with its heads concatenated:
 * [samples, n, heads·width]. Masks as those of `attention`.
 */
export const packedAttention: PackedAttentionOp = declareFunction({
  name: 'packedAttention',
  call: (...[qkv, heads, mask, bias, how]: Parameters<PackedAttentionOp>) => {
    const masks = [mask, bias].filter(t => t !== null).map(t => t.detach())
    return apply(packedOp, [qkv, ...masks], { ...how, heads, hasMask: mask !== null, hasBias: bias !== null })
  },
  samples: s => [
    [s.real(2, 3, 12), 2, null, null, { causal: false, scale: 0.5 }],
    [s.real(1, 5, 18), 2, null, s.constant(1, 5), { causal: true, scale: 0.4 }],
    [s.real(2, 4, 9), 1, s.constant(2, 4, 4), null, { causal: true, scale: 0.4 }],
    [s.real(2, 3, 12), 2, s.constant(2, 1, 3), s.constant(6, 3), { causal: false, scale: 0.5 }],
    [s.real(1, 131, 6), 1, null, null, { causal: true, scale: 0.5 }],
    [s.real(2, 0, 6), 1, null, null, { causal: false, scale: 0.5 }],
  ],
})

/** The fused gradient: for the tests, which hold it against its composite. */
export const packedAttentionBackward: (g: Tensor, qkv: Tensor, heads: number, how: AttentionHow) => Tensor =
  declareFunction({
    name: 'packedAttentionBackward',
    call: (g: Tensor, qkv: Tensor, heads: number, how: AttentionHow) => {
      const params = { ...how, heads, hasMask: false, hasBias: false }
      return apply(backwardOp, [g, qkv, ...applyAll(packedOp, [qkv.detach()], params)], params)
    },
    composite: (g: Tensor, qkv: Tensor, heads: number, how: AttentionHow) =>
      backwardComposite(g, qkv, [], { ...how, heads, hasMask: false, hasBias: false }),
    samples: s => [
      [s.real(2, 3, 4), s.real(2, 3, 12), 2, { causal: true, scale: 0.5 }],
      [s.real(1, 50, 3), s.real(1, 50, 9), 1, { causal: false, scale: 0.5 }],
    ],
  })
