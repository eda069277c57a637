// Softmax and its logarithm along an axis, and the seed's cross-entropy of probabilities.

import { isFloat } from '../base/dtype.js'
import { DTypeError } from '../base/errors.js'
import { around, normalizeAxis } from '../base/shape.js'
import type { Primitive } from '../core/primitive.js'
import type { Tensor, TensorLike } from '../core/tensor.js'
import { mul, neg, sub, xlogy } from './arithmetic.js'
import { apply } from './machinery/apply.js'
import { expandTo } from './machinery/broadcast-gradient.js'
import { declare, declareFunction, type Method } from './machinery/define.js'
import { asTensor, unify1, unify2 } from './machinery/operands.js'
import { checkProbabilities } from './machinery/probabilities.js'
import { sum } from './reductions.js'

type Forward = 'softmax' | 'logSoftmax'
type Backward = 'softmaxBackward' | 'logSoftmaxBackward'
type BackwardFunction = (g: Tensor, y: Tensor, axis: number) => Tensor
export type SoftmaxOp = Method<(a: TensorLike, axis?: number) => Tensor>

function gradientOf(name: Backward, composite: BackwardFunction): BackwardFunction {
  const op: Primitive<number> = {
    name,
    saves: 'nothing',
    plan: ([, y]) => ({ shape: y.shape, dtype: y.dtype }),
    forward: (k, out, [g, y], axis) => {
      const { outer, n, inner } = around(y.shape, axis)
      k[name](outer, n, inner, g.storage.array, y.storage.array, out)
    },
    composite: ([g, y], axis) => composite(g, y, axis),
  }
  return declareFunction({
    name,
    call: (g: Tensor, y: Tensor, axis: number) => apply(op, [expandTo(g, y.shape), y], axis),
    composite,
    samples: s => [
      [s.real(3, 4), s.unit(3, 4), 1],
      [s.real(2, 3, 4), s.unit(2, 3, 4), 1],
      [s.real(5, 300), s.unit(5, 300), 1],
    ],
  })
}

function along(name: Forward, backward: () => BackwardFunction): SoftmaxOp {
  const op: Primitive<number> = {
    name,
    saves: 'output',
    plan: ([a]) => ({ shape: a.shape, dtype: a.dtype }),
    forward: (k, out, [a], axis) => {
      const { outer, n, inner } = around(a.shape, axis)
      k[name](outer, n, inner, a.storage.array, out)
    },
    vjp: (g, { output, params: axis }) => backward()(g, output, axis),
  }
  return declare({
    name,
    call: (a: TensorLike, axis = -1) => {
      const x = unify1(name, a, true)
      return apply(op, [x], normalizeAxis(name, axis, x.ndim))
    },
    samples: s => [
      [s.real(3, 4)],
      [s.real(3, 4), 0],
      [s.real(2, 3, 4), 1],
      [s.real(5, 300)],
      [s.real(300, 3)],
      [s.real(100, 2)],
      [s.real(5)],
      [s.real()],
      [s.real(0, 3)],
      [s.real(3, 0)],
    ],
  })
}

const keep = { keepdims: true }

const softmaxBackward = gradientOf('softmaxBackward', (g, y, axis) => mul(y, sub(g, sum(mul(g, y), axis, keep))))

/** eᵃ / Σ eᵃ along an axis, the last by default, without overflow. */
export const softmax: SoftmaxOp = along('softmax', () => softmaxBackward)

const logSoftmaxBackward = gradientOf('logSoftmaxBackward', (g, y, axis) =>
  sub(g, mul(y.exp(), sum(expandTo(g, y.shape), axis, keep))),
)

/** a − ln Σ eᵃ along an axis, the last by default. */
export const logSoftmax: SoftmaxOp = along('logSoftmax', () => logSoftmaxBackward)

/**
 * −Σ y·ln p of probabilities p (what softmax gives) against y of the same shape, summed, as in the seed engine: 0·ln 0
 * counts as 0. For training, `nn.functional.crossEntropy` on logits is stable where this overflows.
 */
export const crossEntropy: Method<(probabilities: TensorLike, oneHot: TensorLike) => Tensor> = declare({
  name: 'crossEntropy',
  call: (probabilities: TensorLike, oneHot: TensorLike) => {
    const p = asTensor('crossEntropy', probabilities)
    if (!isFloat(p.dtype)) throw new DTypeError(`crossEntropy: expected float probabilities, got ${p.dtype}`)
    checkProbabilities('crossEntropy', p)
    const [y, x] = unify2('crossEntropy', oneHot, p, true)
    return neg(sum(xlogy(y, x)))
  },
  samples: s => [
    [s.unit(3, 4), s.unit(3, 4)],
    [s.unit(4), s.constant(4)],
  ],
})
