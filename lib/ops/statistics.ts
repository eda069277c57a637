// Means, variances and norms: reductions made of others.

import { isFloat } from '../base/dtype.js'
import { DTypeError } from '../base/errors.js'
import { checkOptions, finite, positive, type Schema } from '../base/options.js'
import { normalizeAxes, type Shape, sizeOf } from '../base/shape.js'
import type { Tensor, TensorLike } from '../core/tensor.js'
import { div, mul, pow, sqrt } from './arithmetic.js'
import { equal } from './comparison.js'
import { centre } from './machinery/centre.js'
import { declare, type Method } from './machinery/define.js'
import { asTensor } from './machinery/operands.js'
import { type Axis, type ReduceOptions, reduceOptions } from './machinery/reduce-options.js'
import type { Sampler } from './machinery/samples.js'
import { max, type Reduction, sum } from './reductions.js'
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
    checkOptions('mean', options, reduceOptions)
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

const varianceOptions: Schema<VarianceOptions> = { ...reduceOptions, correction: finite }

function varianceOf(name: string, a: TensorLike, axis: Axis | undefined, options: VarianceOptions): Tensor {
  const { correction = 1, keepdims } = checkOptions(name, options, varianceOptions)
  const x = floatsOnly(name, a)
  const axes = normalizeAxes(name, axis, x.ndim)
  const { centred } = centre(x, axes)
  const free = Math.max(0, countOver(x.shape, axes) - correction)
  return div(sum(mul(centred, centred), axes, { keepdims }), free)
}

/** Σ (a − mean)² / (n − correction); NaN for one element. */
export const variance: VarianceOp = declare({
  name: 'variance',
  call: (a: TensorLike, axis?: Axis, options: VarianceOptions = {}) => varianceOf('variance', a, axis, options),
  samples: s => [...commonSamples(s), [s.real(4, 3), 0, { correction: 0 }]],
})

/** The square root of `variance`. Its gradient is 0 where it is 0, as in PyTorch. */
export const std: VarianceOp = declare({
  name: 'std',
  call: (a: TensorLike, axis?: Axis, options: VarianceOptions = {}) =>
    unlessZero(varianceOf('std', a, axis, options), sqrt),
  samples: s => [...commonSamples(s), [s.real(4, 3), 0, { correction: 0 }]],
})

export interface NormOptions extends ReduceOptions {
  /** The order: 2 by default; 1, any positive number, or Infinity. */
  readonly ord?: number
}

const normOptions: Schema<NormOptions> = { ...reduceOptions, ord: positive }

/** (Σ |a|ᵖ)^(1/p) over all axes or those given, p = `ord`; max |a| for Infinity. The gradient at 0 is 0. */
export const norm: Method<(a: TensorLike, axis?: Axis, options?: NormOptions) => Tensor> = declare({
  name: 'norm',
  call: (a: TensorLike, axis?: Axis, options: NormOptions = {}) => {
    const { ord = 2, keepdims } = checkOptions('norm', options, normOptions)
    const x = floatsOnly('norm', a)
    if (ord === Number.POSITIVE_INFINITY) return max(x.abs(), axis, { keepdims })
    if (ord === 1) return sum(x.abs(), axis, { keepdims })
    if (ord === 2) return unlessZero(sum(mul(x, x), axis, { keepdims }), sqrt)
    const powers = ord < 1 ? unlessZero(x.abs(), m => pow(m, ord)) : x.abs().pow(ord)
    return unlessZero(sum(powers, axis, { keepdims }), total => pow(total, 1 / ord))
  },
  samples: s => [
    [s.real(2, 3, 4)],
    [s.real(2, 3, 4), 1],
    [s.real(2, 3, 4), [0, 2], { keepdims: true }],
    [s.nonZero(5), null, { ord: 1 }],
    [s.nonZero(3, 4), 1, { ord: 3 }],
    [s.nonZero(3, 4), 0, { ord: 0.5 }],
    [s.distinct(3, 4), 1, { ord: Number.POSITIVE_INFINITY }],
  ],
})

/** f(x), f(0) being 0 and its derivative there infinite: where x is 0 f is taken of 1 instead, and the gradient is 0. */
function unlessZero(x: Tensor, f: (x: Tensor) => Tensor): Tensor {
  const isZero = equal(x.detach(), 0)
  return where(isZero, 0, f(where(isZero, 1, x)))
}
