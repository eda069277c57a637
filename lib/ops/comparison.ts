// Comparisons, element by element, and what is asked of a whole tensor. They give bools and have no gradient.

import { checkOptions, flag, nonNegative, type Schema } from '../base/options.js'
import { normalizeAxes, reducedShape, sizeOf } from '../base/shape.js'
import { full } from '../core/creation.js'
import type { Tensor, TensorLike } from '../core/tensor.js'
import { to } from './casting.js'
import { declare, type Method } from './machinery/define.js'
import { type BinaryOp, binary } from './machinery/elementwise.js'
import { asTensor } from './machinery/operands.js'
import { type Axis, type ReduceOptions, reduceOptions } from './machinery/reduce-options.js'

/** a > b. False where either is NaN, as every comparison but notEqual. */
export const greater: BinaryOp = binary({ name: 'greater' })
/** a ≥ b. */
export const greaterEqual: BinaryOp = binary({ name: 'greaterEqual' })
/** a < b. */
export const less: BinaryOp = binary({ name: 'less' })
/** a ≤ b. */
export const lessEqual: BinaryOp = binary({ name: 'lessEqual' })
/** a = b. */
export const equal: BinaryOp = binary({ name: 'equal' })
/** a ≠ b. */
export const notEqual: BinaryOp = binary({ name: 'notEqual' })

/** True where a is 0. */
export const logicalNot: Method<(a: TensorLike) => Tensor> = declare({
  name: 'logicalNot',
  differentiable: false,
  call: (a: TensorLike) => equal(a, 0),
  samples: s => [[s.mask(3, 4)], [s.real(5)]],
})

type Quantifier = Method<(a: TensorLike, axis?: Axis, options?: ReduceOptions) => Tensor>

const quantifier = (name: 'any' | 'all', reduction: 'max' | 'min', overNothing: number): Quantifier =>
  declare({
    name,
    differentiable: false,
    call: (a: TensorLike, axis?: Axis, options: ReduceOptions = {}) => {
      checkOptions(name, options, reduceOptions)
      const x = to(asTensor(name, a), 'bool').detach()
      const axes = normalizeAxes(name, axis, x.ndim)
      if (sizeOf(axes.map(i => x.shape[i])) > 0) return x[reduction](axis ?? null, options)
      return full(reducedShape(x.shape, axes, options.keepdims ?? false), overNothing, { dtype: 'bool' })
    },
    samples: s => [[s.mask(3, 4)], [s.mask(3, 4), 0], [s.mask(2, 0), 1], [s.real(2, 3), [0, 1], { keepdims: true }]],
  })

/** Whether any element is not 0, over all axes or those given; false over nothing. */
export const any: Quantifier = quantifier('any', 'max', 0)
/** Whether all elements are not 0; true over nothing. */
export const all: Quantifier = quantifier('all', 'min', 1)

export interface CloseOptions {
  /** Relative tolerance; 1e-5 by default. */
  readonly rtol?: number
  /** Absolute tolerance; 1e-8 by default. */
  readonly atol?: number
  /** Whether NaN equals NaN. */
  readonly equalNaN?: boolean
}

const closeOptions: Schema<CloseOptions> = { rtol: nonNegative, atol: nonNegative, equalNaN: flag }

/** Whether |a − b| ≤ atol + rtol·|b| everywhere: a plain boolean, read at once. Infinities equal themselves. */
export const allclose: Method<(a: TensorLike, b: TensorLike, options?: CloseOptions) => boolean> = declare({
  name: 'allclose',
  differentiable: false,
  call: (a: TensorLike, b: TensorLike, options: CloseOptions = {}) => {
    const { rtol = 1e-5, atol = 1e-8, equalNaN = false } = checkOptions('allclose', options, closeOptions)
    const x = asTensor('allclose', a).detach()
    const y = asTensor('allclose', b).detach()
    const near = lessEqual(x.sub(y).abs(), y.abs().mul(rtol).add(atol)).mul(less(y.abs(), Number.POSITIVE_INFINITY))
    const same = near.add(equal(x, y))
    const close = equalNaN ? same.add(notEqual(x, x).mul(notEqual(y, y))) : same
    return all(close).item() === 1
  },
  samples: s => [
    [s.real(3), s.real(3)],
    [s.real(2, 3), 0.5],
  ],
})
