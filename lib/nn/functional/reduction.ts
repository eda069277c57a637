// How losses, one for each element or row, become the loss.

import { ArgumentError, showValue } from '../../errors.js'
import { div, mean, sum } from '../../ops/index.js'
import type { Tensor } from '../../tensor.js'

/** `mean` of the losses (the default), their `sum`, or `none`: as they are. */
export type Reduction = 'mean' | 'sum' | 'none'

/** @throws ArgumentError for anything else. */
export function checkReduction(op: string, reduction: unknown): void {
  if (reduction === 'mean' || reduction === 'sum' || reduction === 'none') return
  throw new ArgumentError(`${op}: expected reduction to be 'mean', 'sum' or 'none', got ${showValue(reduction)}`)
}

export function reduce(op: string, losses: Tensor, reduction: Reduction = 'mean'): Tensor {
  checkReduction(op, reduction)
  if (reduction === 'none') return losses
  return reduction === 'sum' ? sum(losses) : mean(losses)
}

/** The mean is over the weights' sum: NaN where nothing has a weight, as in PyTorch. */
export function reduceWeighted(losses: Tensor, weights: Tensor, reduction: Reduction): Tensor {
  if (reduction === 'none') return losses
  return reduction === 'sum' ? sum(losses) : div(sum(losses), sum(weights))
}
