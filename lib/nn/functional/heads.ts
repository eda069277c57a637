// Attention of what multi-head attention has projected: heads apart, masks as PyTorch's module takes them.

import { ShapeError, showShape } from '../../base/errors.js'
import { type Shape, sameShape } from '../../base/shape.js'
import type { Tensor, TensorLike } from '../../core/tensor.js'
import { add, permute, reshape } from '../../ops/index.js'
import { attention } from '../../ops/network/attention.js'
import { joinHeads, packedAttention, unpack } from '../../ops/network/packed-attention.js'
import { scaledDotProductAttention } from './attention.js'
import { additiveMask } from './masks.js'

/** How projected inputs attend. Masks are true where a key is not read, or floats that are added. */
export interface Projected {
  readonly heads: number
  readonly causal: boolean
  /** [batch, keys]. */
  readonly keyPaddingMask: TensorLike | null
  /** [queries, keys] or [batch·heads, queries, keys]. */
  readonly attnMask: TensorLike | null
  readonly dropoutP: number
}

const op = 'MultiheadAttention'

/** qkv [batch, time, 3·width] to [batch, time, width]. */
export function attendToItself(qkv: Tensor, how: Projected): Tensor {
  const { heads, causal, dropoutP } = how
  const [batch, time, width] = qkv.shape
  const [padding, shared] = masksOf(how, batch, time, time, qkv)
  const isWhole = dropoutP > 0 || padding?.requiresGrad || shared?.requiresGrad
  if (isWhole) return wholeAttention(unpack(qkv, heads), padding, shared, how)
  const scale = 1 / Math.sqrt(width / 3 / heads)
  const [mask, bias] = apart(padding, shared, batch, heads)
  return packedAttention(qkv, heads, mask, bias, { causal, scale })
}

/** q [batch, queries, width], k and v [batch, keys, width] to [batch, queries, width]. */
export function attendTo(q: Tensor, k: Tensor, v: Tensor, how: Projected): Tensor {
  const { heads, causal, dropoutP } = how
  if (!sameShape(k.shape, v.shape) || k.shape[0] !== q.shape[0]) {
    const shapes = [q, k, v].map(t => showShape(t.shape)).join(', ')
    throw new ShapeError(`${op}: expected query, key and value of one batch, and as many keys as values, got ${shapes}`)
  }
  const [batch, queries, width] = q.shape
  const [padding, shared] = masksOf(how, batch, queries, k.shape[1], q)
  const parts = [q, k, v].map(t => permute(reshape(t, [batch, t.shape[1], heads, width / heads]), [0, 2, 1, 3]))
  if (dropoutP > 0 || padding?.requiresGrad || shared?.requiresGrad) return wholeAttention(parts, padding, shared, how)
  const [mask, bias] = apart(padding, shared, batch, heads)
  const [x, y, z] = parts
  return joinHeads(attention(x, y, z, mask, bias, { causal, scale: 1 / Math.sqrt(width / heads) }))
}

function wholeAttention(
  [q, k, v]: readonly Tensor[],
  padding: Tensor | null,
  shared: Tensor | null,
  { causal, dropoutP }: Projected,
): Tensor {
  const [batch, heads] = q.shape
  const own = padding && reshape(padding, [batch, 1, 1, padding.shape[2]])
  const mask =
    shared === null ? null : shared.ndim === 2 ? shared : reshape(shared, [batch, heads, ...shared.shape.slice(1)])
  const both = own === null ? mask : mask === null ? own : add(own, mask)
  return joinHeads(scaledDotProductAttention(q, k, v, { mask: both, causal, dropoutP }))
}

/** The masks as the kernels take them: what each sample has to itself, and what all share. */
function apart(
  padding: Tensor | null,
  shared: Tensor | null,
  batch: number,
  heads: number,
): [mask: Tensor | null, bias: Tensor | null] {
  if (shared === null || shared.ndim === 2) return [padding, shared]
  const [, queries, keys] = shared.shape
  const rows = reshape(shared, [batch, heads * queries, keys])
  return [padding === null ? rows : add(rows, padding), null]
}

/** Both masks as what is added to scores: padding [batch, 1, keys] and the other as it is, checked. */
function masksOf(
  { keyPaddingMask, attnMask, heads }: Projected,
  batch: number,
  queries: number,
  keys: number,
  like: Tensor,
): [padding: Tensor | null, shared: Tensor | null] {
  const added = (name: string, value: TensorLike | null, shapes: readonly Shape[]): Tensor | null => {
    if (value === null) return null
    const mask = additiveMask(op, value, false, like)
    if (shapes.some(shape => sameShape(shape, mask.shape))) return mask
    const expected = shapes.map(showShape).join(' or ')
    throw new ShapeError(`${op}: expected ${name} of shape ${expected}, got ${showShape(mask.shape)}`)
  }
  const alone: Shape[] = batch === 1 ? [[keys]] : []
  const padding = added('keyPaddingMask', keyPaddingMask, [[batch, keys], ...alone])
  const shapes = [
    [queries, keys],
    [batch * heads, queries, keys],
  ]
  return [padding && reshape(padding, [batch, 1, keys]), added('attnMask', attnMask, shapes)]
}
