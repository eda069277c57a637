// Means, variances and norms: reductions made of others.

import { isFloat } from '../dtype.js'
import { ArgumentError, DTypeError } from '../errors.js'
import { normalizeAxes, type Shape, sizeOf } from '../shape.js'
import type { Tensor, TensorLike } from '../tensor.js'
import { div, mul, sub } from './arithmetic.js'
import { equal } from './comparison.js'
import { declare, type Method } from './define.js'
import { asTensor } from './operands.js'
import { type Axis, max, type ReduceOptions, type Reduction, sum } from './reductions.js'
import type { Sampler } from './samples.js'
import { where } from './selecting.js'

const commonSamples = (s: Sampler): unknown[][] => [
  [s.real(2, 3, 4)],
  [s.real(2, 3, 4), 1],
  [s.real(2, 3, 4), [0, 2], { keepdims: true }],
  [s.real(5)],
]

function floatsOnly(name: string, a: TensorLike): Tensor {
  const x = asTensor(name, a)
  if (!isFloat(x.dtype)) throw new DTypeError(`${name}: expected float32 or float64, got ${x.dtype}`)
  return x
}

const countOver = (shape: Shape, axes: readonly number[]): number => sizeOf(axes.map(axis => shape[axis]))

/** Arithmetic mean over all axes or those given; NaN over nothing. Floats only. */
export const mean: Reduction = declare({
  name: 'mean',
  call: (a: TensorLike, axis?: Axis, options: ReduceOptions = {}) => {
    const x = floatsOnly('mean', a)
    const n = countOver(x.shape, normalizeAxes('mean', axis, x.ndim))
    return div(sum(x, axis, options), n)
  },
  samples: commonSamples,
})

export interface VarianceOptions extends ReduceOptions {
  /** What is taken off the count: 1 (by default) gives the unbiased estimate, 0 the mean square. */
  readonly correction?: number
}

type VarianceOp = Method<(a: TensorLike, axis?: Axis, options?: VarianceOptions) => Tensor>

/** Σ (a − mean)² / (n − correction). */
export const variance: VarianceOp = declare({
  name: 'variance',
  call: (a: TensorLike, axis?: Axis, { correction = 1, ...options }: VarianceOptions = {}) => {
    const x = floatsOnly('variance', a)
    const axes = normalizeAxes('variance', axis, x.ndim)
    const centred = sub(x, mean(x, axes, { keepdims: true }))
    const free = Math.max(0, countOver(x.shape, axes) - correction)
    return div(sum(mul(centred, centred), axes, options), free)
  },
  samples: s => [...commonSamples(s), [s.real(4, 3), 0, { correction: 0 }]],
})

/** The square root of `variance`. */
export const std: VarianceOp = declare({
  name: 'std',
  call: (a: TensorLike, axis?: Axis, options: VarianceOptions = {}) => variance(a, axis, options).sqrt(),
  samples: s => [...commonSamples(s), [s.real(4, 3), 0, { correction: 0 }]],
})

export interface NormOptions extends ReduceOptions {
  /** The order: 2 by default; 1, any positive number, or Infinity. */
  readonly ord?: number
}

/** (Σ |a|ᵖ)^(1/p) over all axes or those given, p = `ord`; max |a| for Infinity. The gradient at 0 is 0. */
export const norm: Method<(a: TensorLike, axis?: Axis, options?: NormOptions) => Tensor> = declare({
  name: 'norm',
  call: (a: TensorLike, axis?: Axis, { ord = 2, ...options }: NormOptions = {}) => {
    const x = floatsOnly('norm', a)
    if (!(ord > 0)) throw new ArgumentError(`norm: expected ord to be a positive number, got ${ord}`)
    if (ord === Number.POSITIVE_INFINITY) return max(x.abs(), axis, options)
    if (ord === 1) return sum(x.abs(), axis, options)
    if (ord === 2) return euclidean(x, axis, options)
    return sum(x.abs().pow(ord), axis, options).pow(1 / ord)
  },
  samples: s => [
    [s.real(2, 3, 4)],
    [s.real(2, 3, 4), 1],
    [s.real(2, 3, 4), [0, 2], { keepdims: true }],
    [s.nonZero(5), null, { ord: 1 }],
    [s.nonZero(3, 4), 1, { ord: 3 }],
    [s.distinct(3, 4), 1, { ord: Number.POSITIVE_INFINITY }],
  ],
})

/** The root of the sum of squares; where it is 0 the root is taken of 1 instead, so that the gradient there is 0. */
function euclidean(x: Tensor, axis: Axis | undefined, options: ReduceOptions): Tensor {
  const squares = sum(mul(x, x), axis, options)
  const isZero = equal(squares.detach(), 0)
  return where(isZero, 0, where(isZero, 1, squares).sqrt())
}
