// Attention and its gradients in plain ops: what is differentiated again, and what serves where there is no kernel.

import { arange } from '../../core/creation.js'
import type { Tensor } from '../../core/tensor.js'
import { add, mul, sub } from '../arithmetic.js'
import { equal, greaterEqual } from '../comparison.js'
import { matmul } from '../matmul.js'
import { transpose } from '../permuting.js'
import { max, sum } from '../reductions.js'
import { where } from '../selecting.js'
import { softmax } from '../softmax.js'

/** What attention does beside its products. */
export interface AttentionHow {
  /** Row i reads keys 0 … i only. */
  readonly causal: boolean
  readonly scale: number
}

export interface AttentionParams extends AttentionHow {
  readonly hasMask: boolean
  readonly hasBias: boolean
}

/** Added to scores [samples, heads, n, m], and broadcast to them. */
type Masks = readonly Tensor[]

/** scale·q·kᵀ + masks, −∞ for keys that are not read; q [samples, heads, n, width], k [samples, heads, m, width]. */
export function attentionScores(q: Tensor, k: Tensor, masks: Masks, causal: boolean, scale: number): Tensor {
  let scores = mul(matmul(q, transpose(k)), scale)
  for (const mask of masks) scores = add(scores, mask)
  if (!causal) return scores
  const [n, m] = scores.shape.slice(-2)
  const isRead = greaterEqual(arange(n, { dtype: 'int32' }).unsqueeze(1), arange(m, { dtype: 'int32' }))
  return where(isRead, scores, Number.NEGATIVE_INFINITY)
}

/** The weights of the keys: softmax, but 0 where a row reads no key, all of its scores being −∞. */
export function attentionWeights(scores: Tensor): Tensor {
  if (scores.size === 0) return softmax(scores)
  const readsNone = equal(max(scores.detach(), -1, { keepdims: true }), Number.NEGATIVE_INFINITY)
  return where(readsNone, 0, softmax(where(readsNone, 0, scores)))
}

/** The kernels' rows of masks, mask [samples, rows, m] and bias [rows, m], so that they broadcast to the scores. */
export function broadcastMasks(masks: Masks, { hasMask }: AttentionParams, heads: number, n: number): Tensor[] {
  return masks.map((mask, i) => {
    const [rows, m] = mask.shape.slice(-2)
    const samples = i === 0 && hasMask ? mask.shape[0] : 1
    const inner = rows === 1 ? [1, 1, m] : rows === n ? [1, n, m] : [heads, n, m]
    return mask.reshape([samples, ...inner])
  })
}

/** The gradients for q, k and v of Σ g·attention. */
export function attentionGradients(
  g: Tensor,
  [q, k, v]: readonly Tensor[],
  masks: Masks,
  { causal, scale }: AttentionHow,
): [dq: Tensor, dk: Tensor, dv: Tensor] {
  const p = attentionWeights(attentionScores(q, k, masks, causal, scale))
  const dp = matmul(g, transpose(v))
  const d = mul(mul(p, sub(dp, sum(mul(dp, p), -1, { keepdims: true }))), scale)
  return [matmul(d, k), matmul(transpose(d), q), matmul(transpose(p), g)]
}
