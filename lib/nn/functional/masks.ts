// Masks of attention, made into what is added to scores.

import { DTypeError, showShape } from '../../base/errors.js'
import { Tensor, type TensorLike } from '../../core/tensor.js'
import { where } from '../../ops/index.js'
import { asTensor } from '../../ops/machinery/operands.js'

/**
 * Floats stay; of booleans, `read` becomes 0 and the other −∞.
 * @throws DTypeError for a tensor that is neither bool nor of `like`'s dtype.
 */
export function additiveMask(op: string, value: TensorLike, read: boolean, like: Tensor): Tensor {
  const given = asTensor(op, value)
  const mask = value instanceof Tensor || given.dtype === 'bool' ? given : given.to(like.dtype)
  if (mask.dtype === 'bool') {
    const low = Number.NEGATIVE_INFINITY
    return (read ? where(mask, 0, low) : where(mask, low, 0)).to(like.dtype)
  }
  if (mask.dtype === like.dtype) return mask
  throw new DTypeError(`${op}: expected a mask of bool or ${like.dtype}, got ${mask.dtype} of ${showShape(mask.shape)}`)
}
