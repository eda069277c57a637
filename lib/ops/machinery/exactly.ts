// Integer results that int32 may not have: computed in float64, and refused where they do not fit.

import { ArgumentError } from '../../base/errors.js'
import { context } from '../../core/context.js'
import type { Tensor } from '../../core/tensor.js'

/**
 * `reduce` of int32 elements, as int32. float64 has every integer up to 2⁵³, and a product that has gone beyond that and
 * then meets 0 is NaN, which becomes 0. In a compiled function nothing is read: there a result is held at the bounds.
 * @throws ArgumentError where the result does not fit.
 */
export function exactly(op: string, x: Tensor, reduce: (wide: Tensor) => Tensor): Tensor {
  const result = reduce(x.to('float64'))
  if (context.recording === null) {
    const large = result.storage.arrayFor(op).find(value => value >= 2 ** 31 || value < -(2 ** 31))
    if (large !== undefined) {
      throw new ArgumentError(
        `${op}: expected a result that int32 has, got ${large}: reduce x.to('float64'), which holds integers up to 2⁵³`,
      )
    }
  }
  return result.to('int32')
}
