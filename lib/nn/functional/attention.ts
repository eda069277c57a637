// Scaled dot-product attention in all its shapes.

import { isFloat } from '../../base/dtype.js'
import { DTypeError, ShapeError, showShape } from '../../base/errors.js'
import { checkedWhereUsed, checkOptions, finite, flag, type Schema } from '../../base/options.js'
import { broadcastShapes, broadcastsTo, type Shape, sizeOf } from '../../base/shape.js'
import type { Tensor, TensorLike } from '../../core/tensor.js'
import { expand, matmul, reshape } from '../../ops/index.js'
import { unifyAll } from '../../ops/machinery/operands.js'
import { attention } from '../../ops/network/attention.js'
import { attentionScores, attentionWeights } from '../../ops/network/attention-composite.js'
import { checkProbability, dropout } from '../../ops/network/dropout.js'
import { additiveMask } from './masks.js'

export interface AttentionOptions {
  /**
   * Broadcasts to the scores [..., n, m]: a bool tensor is true where a query reads a key; floats are added to the
   * scores. A query that reads nothing gives zeros, and no gradient.
   */
  readonly mask?: TensorLike | null
  /** Whether query i reads the keys 0 … i only; with a mask, both hold. false by default. */
  readonly causal?: boolean
  /** What products of queries and keys are multiplied by; 1/√width by default. */
  readonly scale?: number
  /** With which probability each weight is dropped; 0 by default. It applies outside training too. */
  readonly dropoutP?: number
}

const attentionOptions: Schema<AttentionOptions> = {
  mask: checkedWhereUsed,
  causal: flag,
  scale: finite,
  dropoutP: checkedWhereUsed,
}

const op = 'scaledDotProductAttention'

/**
 * softmax(scale·q·kᵀ + mask)·v (Vaswani et al., 2017): queries [..., n, width], keys [..., m, width] and values [..., m,
 * width'] to [..., n, width']. The axes in front broadcast: [batch, heads], as a rule.
 *
 * The scores [n, m] are computed in blocks, forward and backward, so that memory grows with n + m and not with n·m. They
 * are materialized with dropout, for a mask that requires a gradient, and for values of another width than the keys'.
 * @throws ShapeError where shapes do not fit, DTypeError for dtypes that are no floats or differ.
 */
export function scaledDotProductAttention(
  q: TensorLike,
  k: TensorLike,
  v: TensorLike,
  options: AttentionOptions = {},
): Tensor {
  const { mask = null, causal = false, scale, dropoutP = 0 } = checkOptions(op, options, attentionOptions)
  checkProbability(op, 'dropoutP', dropoutP)
  const [queries, keys, values] = unifyAll(op, [q, k, v])
  const shapes = `${showShape(queries.shape)}, ${showShape(keys.shape)} and ${showShape(values.shape)}`
  if (!isFloat(queries.dtype)) throw new DTypeError(`${op}: expected float32 or float64, got ${queries.dtype}`)
  if (queries.ndim < 2 || keys.ndim < 2 || values.ndim < 2) {
    throw new ShapeError(`${op}: expected queries, keys and values of at least two axes, got ${shapes}`)
  }
  const [n, width] = queries.shape.slice(-2)
  const [m, valueWidth] = values.shape.slice(-2)
  if (keys.shape[keys.ndim - 1] !== width || keys.shape[keys.ndim - 2] !== m) {
    throw new ShapeError(`${op}: expected q [..., n, width], k [..., m, width], v [..., m, width'], got ${shapes}`)
  }
  const front = [queries, keys, values].map(t => t.shape.slice(0, -2))
  const batch = front.reduce<Shape>((a, b) => broadcastShapes(op, a, b), [])
  const heads = batch[batch.length - 1] ?? 1
  const samples = sizeOf(batch.slice(0, -1))
  const added = mask === null ? null : additiveMask(op, mask, true, queries)
  if (added !== null && !broadcastsTo(added.shape, [...batch, n, m])) {
    const scores = showShape([...batch, n, m])
    throw new ShapeError(`${op}: expected a mask that broadcasts to ${scores}, got ${showShape(added.shape)}`)
  }
  const factor = scale ?? 1 / Math.sqrt(width)
  const inGrid = (t: Tensor): Tensor => {
    const [rows, columns] = t.shape.slice(-2)
    return reshape(expand(t, [...batch, rows, columns]), [samples, heads, rows, columns])
  }
  const [qs, ks, vs] = [queries, keys, values].map(inGrid)
  let out: Tensor
  if (dropoutP > 0 || added?.requiresGrad || valueWidth !== width) {
    const masks = added === null ? [] : [inGrid(expand(added, [...batch, n, m]))]
    out = matmul(dropout(attentionWeights(attentionScores(qs, ks, masks, causal, factor)), dropoutP), vs)
  } else {
    const [own, shared] = maskRows(added, batch, n, m)
    // Heads with equal masks become samples, which are distributed over threads.
    const apart = own === null && (shared === null || shared.shape[0] <= n)
    const [x, y, z] = [qs, ks, vs].map(t => (apart ? reshape(t, [samples * heads, 1, ...t.shape.slice(-2)]) : t))
    out = attention(x, y, z, own, shared, { causal, scale: factor })
  }
  return reshape(out, [...batch, n, valueWidth])
}

/** The mask as the kernel takes it: [samples, rows, m] where samples differ, else [rows, m]; rows are 1, n or heads·n. */
function maskRows(mask: Tensor | null, front: Shape, n: number, m: number): [mask: Tensor | null, bias: Tensor | null] {
  if (mask === null) return [null, null]
  const batch = front.length === 0 ? [1] : front
  const shape = [...new Array<number>(batch.length + 2 - mask.ndim).fill(1), ...mask.shape]
  const [heads, rows] = shape.slice(-3, -1)
  const inner = [heads === 1 ? 1 : batch[batch.length - 1], heads === 1 && rows === 1 ? 1 : n, m]
  if (sizeOf(shape.slice(0, -3)) === 1) {
    return [null, reshape(expand(reshape(mask, shape.slice(-3)), inner), [inner[0] * inner[1], m])]
  }
  const whole = [...batch.slice(0, -1), ...inner]
  return [reshape(expand(reshape(mask, shape), whole), [sizeOf(batch.slice(0, -1)), inner[0] * inner[1], m]), null]
}
