// Binary cross-entropy.

import { ShapeError, showShape } from '../../base/errors.js'
import { checkedWhereUsed, checkOptions, type Schema } from '../../base/options.js'
import { broadcastsTo, sameShape } from '../../base/shape.js'
import type { Tensor, TensorLike } from '../../core/tensor.js'
import { add, mul, neg, softplus, sub } from '../../ops/index.js'
import { asTensor, unify2 } from '../../ops/machinery/operands.js'
import { reduce } from './reduction.js'
import { type LossOptions, lossOptions } from './regression.js'

export interface BinaryCrossEntropyOptions extends LossOptions {
  /** A factor for each loss; broadcasts to their shape. */
  readonly weight?: TensorLike
  /** A factor for the positive part of each loss (above 1: recall counts more); broadcasts to their shape. */
  readonly posWeight?: TensorLike
}

const binaryOptions: Schema<BinaryCrossEntropyOptions> = {
  ...lossOptions,
  weight: checkedWhereUsed,
  posWeight: checkedWhereUsed,
}

/**
 * Cross-entropy between sigmoid(logits) and targets in [0, 1] of the same shape, stable for logits of any size:
 * (1 − y)·ln(1 + eˣ) + posWeight·y·ln(1 + e⁻ˣ), of which no digits cancel.
 */
export function binaryCrossEntropyWithLogits(
  logits: TensorLike,
  targets: TensorLike,
  options: BinaryCrossEntropyOptions = {},
): Tensor {
  const op = 'binaryCrossEntropyWithLogits'
  const { weight, posWeight, reduction } = checkOptions(op, options, binaryOptions)
  const [x, y] = unify2(op, logits, targets, true)
  if (!sameShape(x.shape, y.shape)) {
    throw new ShapeError(`${op}: expected targets of shape ${showShape(x.shape)}, got ${showShape(y.shape)}`)
  }
  const factor = (name: string, value: TensorLike): Tensor => {
    const tensor = asTensor(op, value, x.dtype)
    if (broadcastsTo(tensor.shape, x.shape)) return tensor
    throw new ShapeError(
      `${op}: expected ${name} to broadcast to ${showShape(x.shape)}, got ${showShape(tensor.shape)}`,
    )
  }
  const positive = posWeight === undefined ? y : mul(factor('posWeight', posWeight), y)
  const losses = add(mul(sub(1, y), softplus(x)), mul(positive, softplus(neg(x))))
  return reduce(weight === undefined ? losses : mul(losses, factor('weight', weight)), reduction)
}
