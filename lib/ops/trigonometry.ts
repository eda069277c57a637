// Tangents, inverse trigonometric functions and hyperbolic ones. Angles are in radians.

import { div, mul, neg, rsqrt, square, sub, xdivy } from './arithmetic.js'
import { type BinaryOp, binary, type UnaryOp, unary } from './machinery/elementwise.js'

/** tan a. */
export const tan: UnaryOp = unary({
  name: 'tan',
  saves: 'output',
  domains: ['unit'],
  gradients: [(g, { output }) => mul(g, square(output).add(1))],
})

/** The angle in [−π/2, π/2] whose sine is a; NaN outside of [−1, 1]. */
export const asin: UnaryOp = unary({
  name: 'asin',
  saves: 'inputs',
  domains: ['unit'],
  gradients: [(g, { inputs: [a] }) => mul(g, rsqrt(sub(1, square(a))))],
})

/** The angle in [0, π] whose cosine is a; NaN outside of [−1, 1]. */
export const acos: UnaryOp = unary({
  name: 'acos',
  saves: 'inputs',
  domains: ['unit'],
  gradients: [(g, { inputs: [a] }) => neg(mul(g, rsqrt(sub(1, square(a)))))],
})

/** The angle in [−π/2, π/2] whose tangent is a. */
export const atan: UnaryOp = unary({
  name: 'atan',
  saves: 'inputs',
  gradients: [(g, { inputs: [a] }) => div(g, square(a).add(1))],
})

/** The angle in [−π, π] of the point (b, a): the arc tangent of a/b in the right quadrant. */
export const atan2: BinaryOp = binary({
  name: 'atan2',
  saves: 'inputs',
  domains: ['nonZero', 'nonZero'],
  gradients: [
    // 0 at the origin, as in PyTorch.
    (g, { inputs: [a, b] }) => mul(g, xdivy(b, square(a).add(square(b)))),
    (g, { inputs: [a, b] }) => mul(g, xdivy(neg(a), square(a).add(square(b)))),
  ],
})

/** √(a² + b²), without overflow; ∞ if either is infinite. */
export const hypot: BinaryOp = binary({
  name: 'hypot',
  saves: 'both',
  domains: ['nonZero', 'nonZero'],
  gradients: [
    (g, { inputs: [a], output }) => mul(g, div(a, output)),
    (g, { inputs: [, b], output }) => mul(g, div(b, output)),
  ],
})

/** (eᵃ − e⁻ᵃ)/2. */
export const sinh: UnaryOp = unary({
  name: 'sinh',
  saves: 'inputs',
  gradients: [(g, { inputs: [a] }) => mul(g, cosh(a))],
})

/** (eᵃ + e⁻ᵃ)/2. */
export const cosh: UnaryOp = unary({
  name: 'cosh',
  saves: 'inputs',
  gradients: [(g, { inputs: [a] }) => mul(g, sinh(a))],
})

/** ln(a + √(a² + 1)), the inverse of sinh. */
export const asinh: UnaryOp = unary({
  name: 'asinh',
  saves: 'inputs',
  gradients: [(g, { inputs: [a] }) => mul(g, rsqrt(square(a).add(1)))],
})

/** ln(a + √(a² − 1)), the inverse of cosh; NaN below 1. */
export const acosh: UnaryOp = unary({
  name: 'acosh',
  saves: 'inputs',
  domains: ['aboveOne'],
  gradients: [(g, { inputs: [a] }) => mul(g, rsqrt(square(a).sub(1)))],
})

/** ½·ln((1 + a)/(1 − a)), the inverse of tanh; ±∞ at ±1, NaN beyond. */
export const atanh: UnaryOp = unary({
  name: 'atanh',
  saves: 'inputs',
  domains: ['unit'],
  gradients: [(g, { inputs: [a] }) => div(g, sub(1, square(a)))],
})
