// Exponentials and logarithms to other bases and near 0, and the error function.

import type { Tensor } from '../core/tensor.js'
import { exp } from './activations.js'
import { div, mul, neg, square } from './arithmetic.js'
import { type UnaryOp, unary } from './machinery/elementwise.js'

/** eᵃ − 1, accurate near 0. */
export const expm1: UnaryOp = unary({
  name: 'expm1',
  saves: 'output',
  gradients: [(g, { output }) => mul(g, output.add(1))],
})

/** 2ᵃ. */
export const exp2: UnaryOp = unary({
  name: 'exp2',
  saves: 'output',
  gradients: [(g, { output }) => mul(mul(g, output), Math.LN2)],
})

/** ln(1 + a), accurate near 0; −∞ at −1, NaN below. */
export const log1p: UnaryOp = unary({
  name: 'log1p',
  saves: 'inputs',
  domains: ['positive'],
  gradients: [(g, { inputs: [a] }) => div(g, a.add(1))],
})

/** log₂ a; −∞ at 0, NaN below. */
export const log2: UnaryOp = unary({
  name: 'log2',
  saves: 'inputs',
  domains: ['positive'],
  gradients: [(g, { inputs: [a] }) => div(g, mul(a, Math.LN2))],
})

/** log₁₀ a; −∞ at 0, NaN below. */
export const log10: UnaryOp = unary({
  name: 'log10',
  saves: 'inputs',
  domains: ['positive'],
  gradients: [(g, { inputs: [a] }) => div(g, mul(a, Math.LN10))],
})

/** The derivative of erf, 2/√π·e^(−a²). */
const erfSlope = (a: Tensor): Tensor => mul(exp(neg(square(a))), 2 / Math.sqrt(Math.PI))

/** The error function, 2/√π·∫₀ᵃ e^(−t²) dt. */
export const erf: UnaryOp = unary({
  name: 'erf',
  saves: 'inputs',
  gradients: [(g, { inputs: [a] }) => mul(g, erfSlope(a))],
})

/** 1 − erf a, accurate where it is small. */
export const erfc: UnaryOp = unary({
  name: 'erfc',
  saves: 'inputs',
  gradients: [(g, { inputs: [a] }) => neg(mul(g, erfSlope(a)))],
})
