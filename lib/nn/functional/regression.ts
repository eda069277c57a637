// Losses between a prediction and a target of the same shape.

import { ShapeError, showShape } from '../../base/errors.js'
import { checkOptions, finitePositive, type Schema } from '../../base/options.js'
import { sameShape } from '../../base/shape.js'
import type { Tensor, TensorLike } from '../../core/tensor.js'
import { abs, clamp, mul, sub } from '../../ops/index.js'
import { unify2 } from '../../ops/machinery/operands.js'
import { type Reduction, reduce, reductions } from './reduction.js'

export interface LossOptions {
  /** `mean` by default. */
  readonly reduction?: Reduction
}

export const lossOptions: Schema<LossOptions> = { reduction: reductions }

export interface HuberOptions extends LossOptions {
  /** Where the loss goes from square to straight; 1 by default. */
  readonly delta?: number
}

const huberOptions: Schema<HuberOptions> = { ...lossOptions, delta: finitePositive }

/**
 * prediction − target. A target that is one number serves all; anything else has the prediction's shape: a [32, 1]
 * against a [32] would quietly become [32, 32].
 */
export function difference(op: string, prediction: TensorLike, target: TensorLike): Tensor {
  const [x, y] = unify2(op, prediction, target, true)
  if (y.ndim !== 0 && !sameShape(x.shape, y.shape)) {
    throw new ShapeError(`${op}: expected a target of shape ${showShape(x.shape)}, got ${showShape(y.shape)}`)
  }
  return sub(x, y)
}

/** Squared error, (prediction − target)². */
export function mseLoss(prediction: TensorLike, target: TensorLike, options: LossOptions = {}): Tensor {
  const { reduction } = checkOptions('mseLoss', options, lossOptions)
  const d = difference('mseLoss', prediction, target)
  return reduce(mul(d, d), reduction)
}

/** Absolute error, |prediction − target|; its gradient at 0 is 0. */
export function l1Loss(prediction: TensorLike, target: TensorLike, options: LossOptions = {}): Tensor {
  const { reduction } = checkOptions('l1Loss', options, lossOptions)
  return reduce(abs(difference('l1Loss', prediction, target)), reduction)
}

/** Huber's loss: d²/2 where |d| ≤ delta, else delta·(|d| − delta/2); d = prediction − target. */
export function huberLoss(prediction: TensorLike, target: TensorLike, options: HuberOptions = {}): Tensor {
  const { reduction, delta = 1 } = checkOptions('huberLoss', options, huberOptions)
  const d = difference('huberLoss', prediction, target)
  // Both branches are c·(d − c/2) with c = d held within ±delta, and so are their gradients; |d| would have none at 0.
  const held = clamp(d, -delta, delta)
  return reduce(mul(held, sub(d, mul(held, 0.5))), reduction)
}
