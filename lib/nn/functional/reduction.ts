// How losses, one for each element or row, become the loss.

import { type Kind, oneOf } from '../../base/options.js'
import type { Tensor } from '../../core/tensor.js'
import { div, mean, sum } from '../../ops/index.js'

/** `mean` of the losses (the default), their `sum`, or `none`: as they are. */
export type Reduction = 'mean' | 'sum' | 'none'

export const reductions: Kind = oneOf('mean', 'sum', 'none')

/** `reduction`: a checked one. */
export function reduce(losses: Tensor, reduction: Reduction = 'mean'): Tensor {
  if (reduction === 'none') return losses
  return reduction === 'sum' ? sum(losses) : mean(losses)
}

/** The mean is over the weights' sum: NaN where nothing has a weight, as in PyTorch. */
export function reduceWeighted(losses: Tensor, weights: Tensor, reduction: Reduction): Tensor {
  if (reduction === 'none') return losses
  return reduction === 'sum' ? sum(losses) : div(sum(losses), sum(weights))
}
