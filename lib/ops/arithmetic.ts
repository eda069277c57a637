// Sums, products, powers and their kin, element by element.

import { ArgumentError, showValue } from '../base/errors.js'
import type { Tensor, TensorLike } from '../core/tensor.js'
import { equal, greater, greaterEqual, lessEqual } from './comparison.js'
import { apply } from './machinery/apply.js'
import { declare, declareFunction, type Method } from './machinery/define.js'
import { type BinaryOp, backwardOf, binary, elementwise, type UnaryOp, unary } from './machinery/elementwise.js'
import { asTensor, unify1 } from './machinery/operands.js'
import { where } from './selecting.js'

/** a + b. For bools, "or". */
export const add: BinaryOp = binary({ name: 'add', bool: 'maximum', gradients: [g => g, g => g] })

/** a − b. */
export const sub: BinaryOp = binary({ name: 'sub', bool: null, gradients: [g => g, g => neg(g)] })

/** a·b, element by element. For bools, "and". */
export const mul: BinaryOp = binary({
  name: 'mul',
  bool: 'minimum',
  saves: 'others',
  gradients: [(g, { inputs }) => mul(g, inputs[1]), (g, { inputs }) => mul(g, inputs[0])],
})

/** a / b. Integers give float32. */
export const div: BinaryOp = binary({
  name: 'div',
  saves: 'inputs',
  domains: ['real', 'nonZero'],
  gradients: [
    (g, { inputs: [, b] }) => div(g, b),
    // d(a/b)/db = −a/b²
    (g, { inputs: [a, b] }) => neg(div(mul(g, div(a, b)), b)),
  ],
})

/** a². Integers wrap. */
export const square: UnaryOp = declare({
  name: 'square',
  call: (a: TensorLike) => {
    const x = asTensor('square', a)
    return mul(x, x)
  },
  samples: s => [[s.real(5, 7)], [s.real()], [s.real(0, 3)]],
})

/** 1/a. */
export const reciprocal: UnaryOp = declare({
  name: 'reciprocal',
  call: (a: TensorLike) => div(1, a),
  samples: s => [[s.nonZero(5, 7)], [s.nonZero()], [s.nonZero(0, 3)]],
})

/** −a. */
export const neg: UnaryOp = unary({ name: 'neg', bool: null, gradients: [g => neg(g)] })

/** −1, 0 or 1; 0 for NaN, as in PyTorch. */
export const sign: UnaryOp = unary({ name: 'sign', domains: ['nonZero'] })

/** |a|. Its gradient at 0 and at NaN is 0. */
export const abs: UnaryOp = unary({
  name: 'abs',
  saves: 'inputs',
  domains: ['nonZero'],
  gradients: [(g, { inputs: [a] }) => mul(g, sign(a))],
})

const share = declareFunction({
  name: 'maximumShare',
  differentiable: false,
  call: ((): ((a: Tensor, b: Tensor) => Tensor) => {
    const op = elementwise({ name: 'maximumShare' })
    return (a, b) => apply(op, [a, b], [])
  })(),
  samples: s => [
    [s.constant(2, 3), s.constant(3)],
    [s.constant(4), s.constant()],
  ],
})

/**
 * The larger of a and b; NaN if either is. As in PyTorch each gets half of the gradient where they are equal, and all of
 * it where either is NaN.
 */
export const maximum: BinaryOp = binary({
  name: 'maximum',
  saves: 'inputs',
  domains: ['distinct', 'real'],
  gradients: [
    (g, { inputs: [a, b] }) => mul(g, share(a.detach(), b.detach())),
    (g, { inputs: [a, b] }) => mul(g, share(b.detach(), a.detach())),
  ],
})

/** The smaller of a and b, likewise. */
export const minimum: BinaryOp = binary({
  name: 'minimum',
  saves: 'inputs',
  domains: ['distinct', 'real'],
  gradients: [
    (g, { inputs: [a, b] }) => mul(g, share(b.detach(), a.detach())),
    (g, { inputs: [a, b] }) => mul(g, share(a.detach(), b.detach())),
  ],
})

/** a·ln b, and 0 where a is 0. */
export const xlogy: BinaryOp = binary({
  name: 'xlogy',
  saves: 'inputs',
  domains: ['nonZero', 'positive'],
  gradients: [
    (g, { inputs: [a, b] }) => mul(g, xlogy(unlessZero(a, lessEqual(b, 0)), b)),
    (g, { inputs: [a, b] }) => mul(g, xdivy(a, b)),
  ],
})

/** a / b, and 0 where a is 0. */
export const xdivy: BinaryOp = binary({
  name: 'xdivy',
  saves: 'inputs',
  domains: ['nonZero', 'nonZero'],
  gradients: [
    (g, { inputs: [a, b] }) => mul(g, xdivy(unlessZero(a, equal(b, 0)), b)),
    (g, { inputs: [a, b] }) => neg(mul(g, div(xdivy(a, b), b))),
  ],
})

/** 0 where a is 0 and b is where the logarithm or the quotient has no value, else 1: what PyTorch's gradients take. */
const unlessZero = (a: Tensor, b: Tensor): Tensor => where(mul(equal(a, 0), b), 0, 1).to(a.dtype)

const powBackward = backwardOf<readonly [number]>(
  {
    name: 'powBackward',
    domains: ['real', 'positive'],
    // The zeros of exponent 0 depend on g and a, and are zeros beside infinities and NaN too.
    composite: ([g, a], [exponent]) =>
      exponent === 0
        ? where(greater(a, Number.POSITIVE_INFINITY), add(g, a), 0)
        : mul(mul(g, pow(a, exponent - 1)), exponent),
  },
  [[0], [1], [2], [-1.5], [3]],
)

const powOp = elementwise({
  name: 'pow',
  saves: 'inputs',
  gradients: [(g, { inputs: [a], params: [exponent] }) => powBackward(g, a, exponent)],
})

/** a to the power of a number. Integers to a whole, non-negative exponent stay integers; others become float32. */
export const pow: Method<(a: TensorLike, exponent: number) => Tensor> = declare({
  name: 'pow',
  call: (a: TensorLike, exponent: number) => {
    if (typeof exponent !== 'number')
      throw new ArgumentError(`pow: expected a number as exponent, got ${showValue(exponent)}`)
    const x = unify1('pow', a, !(Number.isInteger(exponent) && exponent >= 0))
    return apply(powOp, [x.dtype === 'bool' ? x.to('int32') : x], [exponent])
  },
  samples: s => [
    ...[0, 1, 2, 3].map(exponent => [s.real(3, 4), exponent]),
    ...[-1, 0.5, 2.5, -0.5].map(exponent => [s.positive(3, 5), exponent]),
    [s.real(), 2],
    [s.real(0), 3],
    [s.positive(300), 1.5],
  ],
})

const sqrtBackward = backwardOf({
  name: 'sqrtBackward',
  domains: ['real', 'positive'],
  composite: ([g, y]) => div(g, mul(y, 2)),
})

/** √a; NaN below 0. */
export const sqrt: UnaryOp = unary({
  name: 'sqrt',
  saves: 'output',
  domains: ['positive'],
  gradients: [(g, { output }) => sqrtBackward(g, output)],
})

const rsqrtBackward = backwardOf({
  name: 'rsqrtBackward',
  domains: ['real', 'positive'],
  composite: ([g, y]) => mul(mul(g, pow(y, 3)), -0.5),
})

/** 1/√a. */
export const rsqrt: UnaryOp = unary({
  name: 'rsqrt',
  saves: 'output',
  domains: ['positive'],
  gradients: [(g, { output }) => rsqrtBackward(g, output)],
})

const clampBackward = backwardOf<readonly [number, number]>(
  {
    name: 'clampBackward',
    domains: ['real', 'distinct'],
    composite: ([g, a], [low, high]) => where(mul(greaterEqual(a, low), lessEqual(a, high)), g, 0),
  },
  [[-0.52, 0.61]],
)

const clampOp = elementwise({
  name: 'clamp',
  saves: 'inputs',
  gradients: [(g, { inputs: [a], params: [low, high] }) => clampBackward(g, a, low, high)],
})

/**
 * a held between `low` and `high`; null or an infinity leaves a side open. The gradient passes where low ≤ a ≤ high.
 * Integers with a fractional bound become float32.
 */
export const clamp: Method<(a: TensorLike, low?: number | null, high?: number | null) => Tensor> = declare({
  name: 'clamp',
  call: (a: TensorLike, low?: number | null, high?: number | null) => {
    const bounds = [low ?? Number.NEGATIVE_INFINITY, high ?? Number.POSITIVE_INFINITY]
    for (const bound of bounds) {
      if (typeof bound !== 'number' || Number.isNaN(bound))
        throw new ArgumentError(`clamp: expected numbers as bounds, got ${showValue(bound)}`)
    }
    const fractional = bounds.some(bound => Number.isFinite(bound) && !Number.isInteger(bound))
    const x = unify1('clamp', a, fractional)
    return apply(clampOp, [x.dtype === 'bool' ? x.to('int32') : x], bounds)
  },
  samples: s => [
    [s.distinct(5, 7), -0.52, 0.61],
    [s.distinct(9), null, 0.33],
    [s.distinct(9), 0.13, null],
    [s.real(), -100, 100],
    [s.real(0, 3), 0, 1],
  ],
})
