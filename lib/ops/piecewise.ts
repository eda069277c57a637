// Activation functions made of pieces, and those that shrink or gate. Formulas and defaults are PyTorch's.

import { ArgumentError, ShapeError, showShape, showValue } from '../base/errors.js'
import { finite } from '../base/options.js'
import { normalizeAxis } from '../base/shape.js'
import type { Tensor, TensorLike } from '../core/tensor.js'
import { sigmoid, tanh } from './activations.js'
import { abs, clamp, div, minimum, mul, sub } from './arithmetic.js'
import { greater, greaterEqual, less, lessEqual } from './comparison.js'
import { expm1 } from './exponentials.js'
import { split } from './joining.js'
import { apply } from './machinery/apply.js'
import { declare, type Method } from './machinery/define.js'
import { backwardOf, elementwise, type UnaryOp, unary } from './machinery/elementwise.js'
import { unify1, unify2 } from './machinery/operands.js'
import { where } from './selecting.js'

/** @throws ArgumentError if `value` is no finite number. */
function checkFinite(op: string, name: string, value: unknown): void {
  if (finite.accepts(value)) return
  throw new ArgumentError(`${op}: expected ${name} to be ${finite.expected}, got ${showValue(value)}`)
}

const hardtanhBackward = backwardOf<readonly [number, number]>(
  {
    name: 'hardtanhBackward',
    domains: ['real', 'distinct'],
    composite: ([g, a], [low, high]) => where(lessEqual(a, low), 0, where(greaterEqual(a, high), 0, g)),
  },
  [[-0.52, 0.61]],
)

const hardtanhOp = elementwise({
  name: 'clamp',
  saves: 'inputs',
  gradients: [(g, { inputs: [a], params: [low, high] }) => hardtanhBackward(g, a, low, high)],
})

/** a held between `low` and `high`, −1 and 1 by default. Unlike `clamp`, it passes no gradient at the bounds. */
export const hardtanh: Method<(a: TensorLike, low?: number, high?: number) => Tensor> = declare({
  name: 'hardtanh',
  call: (a: TensorLike, low = -1, high = 1) => {
    checkFinite('hardtanh', 'low', low)
    checkFinite('hardtanh', 'high', high)
    if (low > high) throw new ArgumentError(`hardtanh: expected low ≤ high, got ${low} and ${high}`)
    return apply(hardtanhOp, [unify1('hardtanh', a, true)], [low, high])
  },
  samples: s => [[s.distinct(5, 7)], [s.distinct(9), -0.52, 0.61], [s.real()], [s.real(0, 3)]],
})

/** a held between 0 and 6; no gradient at the bounds. */
export const relu6: UnaryOp = declare({
  name: 'relu6',
  call: (a: TensorLike) => hardtanh(a, 0, 6),
  samples: s => [[s.nonZero(5, 7)], [s.nonZero()], [s.nonZero(0, 3)]],
})

const hardswishBackward = backwardOf({
  name: 'hardswishBackward',
  composite: ([g, a]) => {
    const middle = mul(g, a.div(3).add(0.5))
    return where(lessEqual(a, -3), 0, where(greaterEqual(a, 3), g, middle))
  },
})

/** a·hardsigmoid(a). */
export const hardswish: UnaryOp = unary({
  name: 'hardswish',
  saves: 'inputs',
  gradients: [(g, { inputs: [a] }) => hardswishBackward(g, a)],
})

/** (a + 3)/6 held between 0 and 1: a sigmoid of straight lines. */
export const hardsigmoid: UnaryOp = unary({
  name: 'hardsigmoid',
  saves: 'inputs',
  gradients: [(g, { inputs: [a] }) => hardtanhBackward(mul(g, 1 / 6), a, -3, 3)],
})

const eluBackward = backwardOf<readonly [number, number]>(
  {
    name: 'eluBackward',
    domains: ['real', 'nonZero'],
    composite: ([g, a], [alpha, scale]) =>
      mul(g, where(lessEqual(a, 0), mul(where(less(a, 0), a, 0).exp(), alpha * scale), scale)),
  },
  [
    [1, 1],
    [0.7, 1.3],
  ],
)

const eluOp = elementwise({
  name: 'elu',
  saves: 'inputs',
  gradients: [(g, { inputs: [a], params: [alpha, scale] }) => eluBackward(g, a, alpha, scale)],
})

/** The exponential linear unit: a where it is positive, alpha·(eᵃ − 1) elsewhere; alpha is 1 by default. */
export const elu: Method<(a: TensorLike, alpha?: number) => Tensor> = declare({
  name: 'elu',
  call: (a: TensorLike, alpha = 1) => {
    checkFinite('elu', 'alpha', alpha)
    return apply(eluOp, [unify1('elu', a, true)], [alpha, 1])
  },
  samples: s => [[s.nonZero(5, 7)], [s.nonZero(9), 0.5], [s.nonZero()], [s.nonZero(0, 3)]],
})

/** The scaled exponential linear unit of Klambauer and others (2017), with their constants. */
export const selu: UnaryOp = declare({
  name: 'selu',
  call: (a: TensorLike) => apply(eluOp, [unify1('selu', a, true)], [1.6732632423543772, 1.0507009873554805]),
  samples: s => [[s.nonZero(5, 7)], [s.nonZero()], [s.nonZero(0, 3)]],
})

/** a where it is positive, alpha·(e^(a/alpha) − 1) elsewhere: its slope is continuous; alpha is 1 by default. */
export const celu: Method<(a: TensorLike, alpha?: number) => Tensor> = declare({
  name: 'celu',
  call: (a: TensorLike, alpha = 1) => {
    checkFinite('celu', 'alpha', alpha)
    if (alpha === 0) throw new ArgumentError('celu: expected alpha to be other than 0')
    const x = unify1('celu', a, true)
    if (alpha === 1) return apply(eluOp, [x], [1, 1])
    return where(greater(x, 0), x, mul(expm1(mul(minimum(x, 0), 1 / alpha)), alpha))
  },
  samples: s => [[s.nonZero(5, 7)], [s.nonZero(9), 0.5], [s.nonZero()], [s.nonZero(0, 3)]],
})

const mishBackward = backwardOf({
  name: 'mishBackward',
  composite: ([g, a]) => {
    const w = tanh(a.softplus())
    return mul(g, w.add(mul(mul(a, sigmoid(a)), mul(sub(1, w), w.add(1)))))
  },
})

/** a·tanh(softplus(a)). */
export const mish: UnaryOp = unary({
  name: 'mish',
  saves: 'inputs',
  gradients: [(g, { inputs: [a] }) => mishBackward(g, a)],
})

/** a / (1 + |a|). */
export const softsign: UnaryOp = declare({
  name: 'softsign',
  call: (a: TensorLike) => {
    const x = unify1('softsign', a, true)
    return div(x, abs(x).add(1))
  },
  samples: s => [[s.nonZero(5, 7)], [s.nonZero()], [s.nonZero(0, 3)]],
})

/** a − tanh a. */
export const tanhshrink: UnaryOp = declare({
  name: 'tanhshrink',
  call: (a: TensorLike) => {
    const x = unify1('tanhshrink', a, true)
    return sub(x, tanh(x))
  },
  samples: s => [[s.nonZero(5, 7)], [s.nonZero()], [s.nonZero(0, 3)]],
})

type Shrink = Method<(a: TensorLike, lambda?: number) => Tensor>

function shrink(name: string, call: (x: Tensor, lambda: number) => Tensor): Shrink {
  return declare({
    name,
    call: (a: TensorLike, lambda = 0.5) => {
      checkFinite(name, 'lambda', lambda)
      if (lambda < 0) throw new ArgumentError(`${name}: expected lambda to be 0 or more, got ${lambda}`)
      return call(unify1(name, a, true), lambda)
    },
    samples: s => [[s.distinct(5, 7)], [s.distinct(9), 0.31], [s.real()], [s.real(0, 3)]],
  })
}

/** a brought nearer to 0 by lambda, 0 where |a| ≤ lambda; lambda is ½ by default. */
export const softshrink: Shrink = shrink('softshrink', (x, lambda) => sub(x, clamp(x, -lambda, lambda)))
/** a, but 0 where |a| ≤ lambda; lambda is ½ by default. */
export const hardshrink: Shrink = shrink('hardshrink', (x, lambda) => where(lessEqual(abs(x), lambda), 0, x))

/** a where it is above `threshold`, `value` elsewhere. */
export const threshold: Method<(a: TensorLike, threshold: number, value: number) => Tensor> = declare({
  name: 'threshold',
  call: (a: TensorLike, threshold: number, value: number) => {
    checkFinite('threshold', 'threshold', threshold)
    checkFinite('threshold', 'value', value)
    const x = unify1('threshold', a, false)
    return where(lessEqual(x, threshold), value, x).to(x.dtype)
  },
  samples: s => [
    [s.distinct(5, 7), 0.11, 2],
    [s.real(), -100, 1],
    [s.real(0, 3), 0, 0],
  ],
})

/** a where it is positive, weight·a elsewhere. `weight` has one element, or one for each entry of axis 1. */
export const prelu: Method<(a: TensorLike, weight: TensorLike) => Tensor> = declare({
  name: 'prelu',
  call: (a: TensorLike, weight: TensorLike) => {
    const [x, w] = unify2('prelu', a, weight, true)
    const channels = x.ndim > 1 ? x.shape[1] : 1
    if (w.ndim > 1 || (w.size !== 1 && w.size !== channels)) {
      throw new ShapeError(
        `prelu: expected a weight of 1 element or of ${channels}, got shapes ${showShape(x.shape)} and ${showShape(w.shape)}`,
      )
    }
    const along = w.size === 1 ? w.reshape([]) : w.reshape([channels, ...new Array<number>(x.ndim - 2).fill(1)])
    return where(greater(x, 0), x, mul(along, x))
  },
  samples: s => [
    [s.nonZero(5, 7), s.real()],
    [s.nonZero(5, 3), s.real(3)],
    [s.nonZero(2, 3, 4), s.real(3)],
    [s.nonZero(4), s.real(1)],
    [s.nonZero(0, 3), s.real(3)],
  ],
})

/** The gated linear unit: the first half of a along an axis times the sigmoid of the second; by default the last axis. */
export const glu: Method<(a: TensorLike, axis?: number) => Tensor> = declare({
  name: 'glu',
  call: (a: TensorLike, axis = -1) => {
    const x = unify1('glu', a, true)
    const at = normalizeAxis('glu', axis, x.ndim)
    if (x.shape[at] % 2 !== 0) {
      throw new ShapeError(`glu: expected an even size of axis ${axis}, got shape ${showShape(x.shape)}`)
    }
    const [values, gates] = split(x, [x.shape[at] / 2, x.shape[at] / 2], at)
    return mul(values, sigmoid(gates))
  },
  samples: s => [[s.real(5, 6)], [s.real(4, 3), 0], [s.real(2, 4, 3), 1], [s.real(0, 2)]],
})
