// Logic, element by element, on anything: 0 is false, all else is true, NaN too.

import type { Tensor, TensorLike } from '../core/tensor.js'
import { add, mul } from './arithmetic.js'
import { to } from './casting.js'
import { notEqual } from './comparison.js'
import { declare, type Method } from './machinery/define.js'
import { asTensor } from './machinery/operands.js'

type Connective = Method<(a: TensorLike, b: TensorLike) => Tensor>

const connective = (name: string, call: (a: Tensor, b: Tensor) => Tensor): Connective => {
  const truth = (value: TensorLike): Tensor => to(asTensor(name, value), 'bool').detach()
  return declare({
    name,
    differentiable: false,
    call: (a: TensorLike, b: TensorLike) => call(truth(a), truth(b)),
    samples: s => [
      [s.mask(3, 4), s.mask(4)],
      [s.real(3), s.mask(2, 1)],
      [s.ids(2, 5), true],
      [s.mask(0), s.mask(1)],
    ],
  })
}

/** True where neither is 0. */
export const logicalAnd: Connective = connective('logicalAnd', mul)
/** True where at least one is not 0. */
export const logicalOr: Connective = connective('logicalOr', add)
/** True where one is 0 and the other is not. */
export const logicalXor: Connective = connective('logicalXor', notEqual)
