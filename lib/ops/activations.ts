// Exponentials, trigonometry and activation functions, with their fused gradients.

import { ArgumentError, showValue } from '../base/errors.js'
import { checkOptions } from '../base/options.js'
import type { Tensor, TensorLike } from '../core/tensor.js'
import { div, minimum, mul, neg, pow, sub } from './arithmetic.js'
import { greater, lessEqual } from './comparison.js'
import { type GeluOptions, geluOptions, type SoftplusOptions, softplusOptions } from './machinery/activation-options.js'
import { apply } from './machinery/apply.js'
import { declare, type Method } from './machinery/define.js'
import { backwardOf, elementwise, type UnaryOp, unary } from './machinery/elementwise.js'
import { unify1 } from './machinery/operands.js'
import { unaryShapes } from './machinery/samples.js'
import { where } from './selecting.js'

export type { GeluOptions, SoftplusOptions }

/** eᵃ. */
export const exp: UnaryOp = unary({ name: 'exp', saves: 'output', gradients: [(g, { output }) => mul(g, output)] })

/** ln a; −∞ at 0, NaN below. */
export const log: UnaryOp = unary({
  name: 'log',
  saves: 'inputs',
  domains: ['positive'],
  gradients: [(g, { inputs: [a] }) => div(g, a)],
})

/** sin a, in radians. */
export const sin: UnaryOp = unary({
  name: 'sin',
  saves: 'inputs',
  gradients: [(g, { inputs: [a] }) => mul(g, cos(a))],
})

/** cos a, in radians. */
export const cos: UnaryOp = unary({
  name: 'cos',
  saves: 'inputs',
  gradients: [(g, { inputs: [a] }) => neg(mul(g, sin(a)))],
})

const tanhBackward = backwardOf({
  name: 'tanhBackward',
  domains: ['real', 'unit'],
  composite: ([g, y]) => mul(g, mul(sub(1, y), y.add(1))),
})

/** tanh a. */
export const tanh: UnaryOp = unary({
  name: 'tanh',
  saves: 'output',
  gradients: [(g, { output }) => tanhBackward(g, output)],
})

const sigmoidBackward = backwardOf({
  name: 'sigmoidBackward',
  domains: ['real', 'unit'],
  composite: ([g, y]) => mul(g, mul(y, sub(1, y))),
})

/** 1 / (1 + e⁻ᵃ). */
export const sigmoid: UnaryOp = unary({
  name: 'sigmoid',
  saves: 'output',
  gradients: [(g, { output }) => sigmoidBackward(g, output)],
})

const reluBackward = backwardOf({
  name: 'reluBackward',
  domains: ['real', 'nonZero'],
  // NaN is not at most 0: its gradient passes, as PyTorch's threshold does.
  composite: ([g, y]) => where(lessEqual(y, 0), 0, g),
})

/** max(a, 0); NaN stays NaN. The gradient at 0 is 0. */
export const relu: UnaryOp = unary({
  name: 'relu',
  saves: 'output',
  domains: ['nonZero'],
  gradients: [(g, { output }) => reluBackward(g, output)],
})

const leakyReluBackward = backwardOf<readonly [number]>(
  {
    name: 'leakyReluBackward',
    domains: ['real', 'nonZero'],
    composite: ([g, a], [slope]) => where(greater(a, 0), g, mul(g, slope)),
  },
  [[0.01], [0.3]],
)

const leakyReluOp = elementwise({
  name: 'leakyRelu',
  saves: 'inputs',
  gradients: [(g, { inputs: [a], params: [slope] }) => leakyReluBackward(g, a, slope)],
})

/** a where it is positive, slope·a elsewhere; the slope is 0.01 by default. */
export const leakyRelu: Method<(a: TensorLike, slope?: number) => Tensor> = declare({
  name: 'leakyRelu',
  call: (a: TensorLike, slope = 0.01) => {
    if (typeof slope !== 'number')
      throw new ArgumentError(`leakyRelu: expected a number as slope, got ${showValue(slope)}`)
    return apply(leakyReluOp, [unify1('leakyRelu', a, true)], [slope])
  },
  samples: s => [[s.nonZero(5, 7)], [s.nonZero(9), 0.3], [s.nonZero()], [s.nonZero(0)]],
})

const phi = (a: Tensor): Tensor => mul(exp(mul(mul(a, a), -0.5)), 1 / Math.sqrt(2 * Math.PI))

// The derivative of Φ(a) + a·φ(a) is φ(a)·(2 − a²).
const geluBackward: (g: Tensor, a: Tensor) => Tensor = backwardOf({
  name: 'geluBackward',
  saves: 'inputs',
  gradients: [
    (h, { inputs: [, a] }) => geluBackward(h, a),
    (h, { inputs: [g, a] }) => mul(mul(h, g), mul(phi(a), sub(2, mul(a, a)))),
  ],
  // Φ(a) is ½·erfc(−a/√2), which has a value at 0 where gelu(a)/a has none.
  composite: ([g, a]) =>
    mul(
      g,
      mul(a, -Math.SQRT1_2)
        .erfc()
        .mul(0.5)
        .add(mul(a, phi(a))),
    ),
  domains: ['real', 'nonZero'],
})

const geluOp = elementwise({
  name: 'gelu',
  saves: 'inputs',
  gradients: [(g, { inputs: [a] }) => geluBackward(g, a)],
})

const geluExact = (a: Tensor): Tensor => apply(geluOp, [a], [])

/** ½·a·(1 + tanh x) as a·sigmoid(2x), which keeps its digits where tanh x is nearly −1. */
const geluTanh = (a: Tensor): Tensor =>
  mul(a, sigmoid(mul(a.add(mul(pow(a, 3), 0.044715)), 2 * Math.sqrt(2 / Math.PI))))

/** The Gaussian error linear unit, a·Φ(a). */
export const gelu: Method<(a: TensorLike, options?: GeluOptions) => Tensor> = declare({
  name: 'gelu',
  call: (a: TensorLike, options: GeluOptions = {}) => {
    const { approximate = 'none' } = checkOptions('gelu', options, geluOptions)
    const x = unify1('gelu', a, true)
    return approximate === 'none' ? geluExact(x) : geluTanh(x)
  },
  samples: s => [
    [s.nonZero(5, 7)],
    [s.nonZero()],
    [s.nonZero(0, 2)],
    [s.nonZero(300)],
    [s.nonZero(3, 4), { approximate: 'tanh' }],
  ],
})

const siluBackward = backwardOf({
  name: 'siluBackward',
  composite: ([g, a]) => {
    return mul(g, mul(sigmoid(a), mul(a, sigmoid(neg(a))).add(1)))
  },
})

/** a·sigmoid(a). */
export const silu: UnaryOp = unary({
  name: 'silu',
  saves: 'inputs',
  gradients: [(g, { inputs: [a] }) => siluBackward(g, a)],
})

const softplusBackward = backwardOf({
  name: 'softplusBackward',
  composite: ([g, a]) => mul(g, sigmoid(a)),
})

const softplusOp = elementwise({
  name: 'softplus',
  saves: 'inputs',
  gradients: [(g, { inputs: [a] }) => softplusBackward(g, a)],
})

/** ln(1 + eᵃ), without overflow; with other options ln(1 + e^(beta·a))/beta, or a where beta·a is above the threshold. */
export const softplus: Method<(a: TensorLike, options?: SoftplusOptions) => Tensor> = declare({
  name: 'softplus',
  call: (a: TensorLike, options: SoftplusOptions = {}) => {
    const { beta = 1, threshold = 20 } = checkOptions('softplus', options, softplusOptions)
    const x = unify1('softplus', a, true)
    // At the default threshold the result rounds to a anyway.
    if (beta === 1 && threshold === 20) return apply(softplusOp, [x], [])
    const scaled = mul(x, beta)
    const curved = div(apply(softplusOp, [minimum(scaled, threshold)], []), beta)
    return where(greater(scaled, threshold), x, curved)
  },
  samples: s => [
    ...unaryShapes.map(shape => [s.real(...shape)]),
    [s.distinct(3, 4), { beta: 2 }],
    [s.distinct(9), { beta: 0.5, threshold: 0.21 }],
  ],
})

/** ln(sigmoid(a)), without overflow. */
export const logSigmoid: UnaryOp = unary({
  name: 'logSigmoid',
  saves: 'inputs',
  gradients: [(g, { inputs: [a] }) => softplusBackward(g, neg(a))],
})
