// Rounding to integers, and what division leaves. Results have the dtype of the operands, as in PyTorch.

import { isFloat } from '../base/dtype.js'
import type { Tensor, TensorLike } from '../core/tensor.js'
import { mul, neg, sub } from './arithmetic.js'
import { apply } from './machinery/apply.js'
import { zeroGradient } from './machinery/broadcast-gradient.js'
import { declare, type Method } from './machinery/define.js'
import { type BinaryOp, binary, elementwise, type UnaryOp } from './machinery/elementwise.js'
import { asTensor } from './machinery/operands.js'
import { unaryShapes } from './machinery/samples.js'

/** A step function: integers are themselves; the gradient is 0, as in PyTorch. */
function rounding(name: 'floor' | 'ceil' | 'round' | 'trunc'): UnaryOp {
  const op = elementwise({ name, gradients: [zeroGradient] })
  return declare({
    name,
    smooth: false,
    call: (a: TensorLike) => {
      const x = asTensor(name, a)
      return isFloat(x.dtype) ? apply(op, [x], []) : x.dtype === 'bool' ? x.to('int32') : x
    },
    samples: s => unaryShapes.map(shape => [s.real(...shape)]),
  })
}

/** The largest integer that is at most a. */
export const floor: UnaryOp = rounding('floor')
/** The smallest integer that is at least a. */
export const ceil: UnaryOp = rounding('ceil')
/** The integer nearest to a; of two equally near the even one. */
export const round: UnaryOp = rounding('round')
/** a without its fraction. */
export const trunc: UnaryOp = rounding('trunc')

/** The fraction of a, with its sign: a − trunc(a). */
export const frac: Method<(a: TensorLike) => Tensor> = declare({
  name: 'frac',
  call: (a: TensorLike) => sub(a, trunc(a)),
  samples: s => [[s.real(5, 7)], [s.real()], [s.real(0, 3)]],
})

/** ⌊a/b⌋. Integers divided by 0 give 0, as in NumPy. */
export const floorDivide: BinaryOp = binary({
  name: 'floorDivide',
  bool: null,
  domains: ['real', 'nonZero'],
  smooth: false,
  gradients: [zeroGradient, zeroGradient],
})

/** a − ⌊a/b⌋·b, with the sign of b, as Python's %. 0 for integers where b is 0, as in NumPy. */
export const remainder: BinaryOp = binary({
  name: 'remainder',
  saves: 'inputs',
  bool: null,
  domains: ['real', 'nonZero'],
  gradients: [g => g, (g, { inputs: [a, b] }) => neg(mul(g, floorDivide(a, b)))],
})

/** a − trunc(a/b)·b, with the sign of a, as JavaScript's %. 0 for integers where b is 0, as in NumPy. */
export const fmod: BinaryOp = binary({
  name: 'fmod',
  saves: 'inputs',
  bool: null,
  domains: ['real', 'nonZero'],
  gradients: [g => g, (g, { inputs: [a, b] }) => neg(mul(g, trunc(a.detach().div(b.detach()))))],
})
