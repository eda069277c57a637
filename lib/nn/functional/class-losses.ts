// Losses of scores against class ids.

import { isFloat } from '../../base/dtype.js'
import { DTypeError, ShapeError, showShape } from '../../base/errors.js'
import { checkedWhereUsed, checkOptions, fraction, integer, type Schema } from '../../base/options.js'
import { type Shape, sameShape, sizeOf } from '../../base/shape.js'
import type { Tensor, TensorLike } from '../../core/tensor.js'
import { gather, indexSelect, mul, neg, notEqual, permute, reshape, to, where } from '../../ops/index.js'
import { asIds, asTensor } from '../../ops/machinery/operands.js'
import { crossEntropyLosses } from '../../ops/network/losses.js'
import { reduceWeighted } from './reduction.js'
import { type LossOptions, lossOptions } from './regression.js'

export interface ClassLossOptions extends LossOptions {
  /** A weight for each class, [classes]; the mean is then the weighted one. */
  readonly weight?: TensorLike
  /** Targets with this id count for nothing; -100 by default. */
  readonly ignoreIndex?: number
}

export interface CrossEntropyOptions extends ClassLossOptions {
  /** How much of each target is spread evenly over the classes, 0 (the default) to 1. */
  readonly labelSmoothing?: number
}

const classLossOptions: Schema<ClassLossOptions> = { ...lossOptions, weight: checkedWhereUsed, ignoreIndex: integer }
const crossEntropyOptions: Schema<CrossEntropyOptions> = { ...classLossOptions, labelSmoothing: fraction }

/** Scores as rows over classes, with an id for each. */
interface Rows {
  /** [rows, classes] */
  readonly scores: Tensor
  /** int32 [rows] */
  readonly ids: Tensor
  /** [classes], of the scores' dtype */
  readonly weight: Tensor | null
  /** What the ids had. */
  readonly shape: Shape
  readonly ignoreIndex: number
}

function toRows(op: string, scores: TensorLike, classIds: TensorLike, options: ClassLossOptions): Rows {
  const x = asTensor(op, scores)
  if (!isFloat(x.dtype)) throw new DTypeError(`${op}: expected scores of float32 or float64, got ${x.dtype}`)
  if (x.ndim === 0) throw new ShapeError(`${op}: expected scores with an axis of classes, got shape []`)
  const ids = asIds(op, 'class ids', classIds)
  const axis = x.ndim === 1 ? 0 : 1
  const shape = x.shape.filter((_, i) => i !== axis)
  if (!sameShape(ids.shape, shape)) {
    const expected = `class ids of shape ${showShape(shape)} for scores of shape ${showShape(x.shape)}`
    throw new ShapeError(`${op}: expected ${expected}, got ${showShape(ids.shape)}`)
  }
  const classes = x.shape[axis]
  const { weight, ignoreIndex = -100 } = options
  const last = x.ndim > 2 ? permute(x, [0, ...x.shape.map((_, i) => i).slice(2), 1]) : x
  return {
    scores: shaped(last, [sizeOf(shape), classes]),
    ids: shaped(ids, [ids.size]),
    weight: weight === undefined ? null : classWeights(op, weight, classes, x),
    shape,
    ignoreIndex,
  }
}

const shaped = (x: Tensor, shape: Shape): Tensor => (sameShape(x.shape, shape) ? x : reshape(x, shape))

function classWeights(op: string, given: TensorLike, classes: number, { dtype }: Tensor): Tensor {
  const weight = asTensor(op, given, dtype)
  if (sameShape(weight.shape, [classes])) return to(weight, dtype).detach()
  throw new ShapeError(`${op}: expected weight of shape [${classes}], got ${showShape(weight.shape)}`)
}

/** Which rows count. */
const countsOf = ({ ids, ignoreIndex }: Rows): Tensor => notEqual(ids, ignoreIndex)

/** Ids that can be looked up: 0 in rows that do not count. */
const safeIds = ({ ids }: Rows, counts: Tensor): Tensor => where(counts, ids, 0)

/** Each row's weight. */
function weightsOf(rows: Rows, counts: Tensor): Tensor {
  const { scores, weight } = rows
  return weight === null ? to(counts, scores.dtype) : where(counts, indexSelect(weight, 0, safeIds(rows, counts)), 0)
}

/**
 * Cross-entropy of logits against class ids, fused and stable: −ln softmax(logits)[id] for each id.
 *
 * @param logits [N, C], [C] with one id, or [N, C, d1, …] with ids [N, d1, …].
 * @param classIds int32, in [0, C).
 * @returns a 0-d tensor, or losses of the ids' shape with reduction 'none'.
 * @throws IndexError for an id out of range that is not ignoreIndex; ShapeError and DTypeError for what does not fit.
 */
export function crossEntropy(logits: TensorLike, classIds: TensorLike, options: CrossEntropyOptions = {}): Tensor {
  const { labelSmoothing = 0, reduction = 'mean' } = checkOptions('crossEntropy', options, crossEntropyOptions)
  const rows = toRows('crossEntropy', logits, classIds, options)
  const { scores, ids, weight, shape, ignoreIndex } = rows
  const losses = crossEntropyLosses(scores, ids, weight, { ignoreIndex, labelSmoothing })
  if (reduction !== 'mean') return reduceWeighted(shaped(losses, shape), losses, reduction)
  return reduceWeighted(losses, weightsOf(rows, countsOf(rows)), reduction)
}

/**
 * Negative log-likelihood: −logProbabilities[id] for each id; what `crossEntropy` is to logits. Shapes, options and
 * errors are the same.
 */
export function nllLoss(logProbabilities: TensorLike, classIds: TensorLike, options: ClassLossOptions = {}): Tensor {
  checkOptions('nllLoss', options, classLossOptions)
  const rows = toRows('nllLoss', logProbabilities, classIds, options)
  const counts = countsOf(rows)
  const weights = weightsOf(rows, counts)
  const safe = safeIds(rows, counts)
  const picked = reshape(gather(rows.scores, 1, reshape(safe, [safe.size, 1])), [safe.size])
  const losses = where(counts, neg(mul(picked, weights)), 0)
  return reduceWeighted(shaped(losses, rows.shape), weights, options.reduction ?? 'mean')
}
