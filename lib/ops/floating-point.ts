// Signs, NaN and infinities of floats.

import { isFloat } from '../base/dtype.js'
import { checkOptions, number, type Schema } from '../base/options.js'
import type { Tensor, TensorLike } from '../core/tensor.js'
import { abs, mul, sign } from './arithmetic.js'
import { equal, less, notEqual } from './comparison.js'
import { zeroGradient } from './machinery/broadcast-gradient.js'
import { declare, type Method } from './machinery/define.js'
import { type BinaryOp, binary } from './machinery/elementwise.js'
import { asTensor } from './machinery/operands.js'
import { where } from './selecting.js'

type Test = Method<(a: TensorLike) => Tensor>

const test = (name: string, call: (x: Tensor) => Tensor): Test =>
  declare({
    name,
    differentiable: false,
    call: (a: TensorLike) => call(asTensor(name, a).detach()),
    samples: s => [[s.real(3, 4)], [s.constant(0)], [s.ids(3, 5)], [s.mask(4)]],
  })

/** Whether a is NaN. */
export const isnan: Test = test('isnan', x => notEqual(x, x))
/** Whether a is ∞ or −∞. */
export const isinf: Test = test('isinf', x =>
  isFloat(x.dtype) ? equal(abs(x), Number.POSITIVE_INFINITY) : notEqual(x, x))
/** Whether a is neither infinite nor NaN. */
export const isfinite: Test = test('isfinite', x =>
  isFloat(x.dtype) ? less(abs(x), Number.POSITIVE_INFINITY) : equal(x, x))

export interface NanToNumOptions {
  /** What NaN becomes; 0 by default. */
  readonly nan?: number
  /** What ∞ becomes; by default the largest number of the dtype. */
  readonly posinf?: number
  /** What −∞ becomes; by default the lowest number of the dtype. */
  readonly neginf?: number
}

const nanToNumOptions: Schema<NanToNumOptions> = {
  nan: number,
  posinf: number,
  neginf: number,
}

/** The largest finite number of a dtype. */
const largest = (dtype: string): number => (dtype === 'float64' ? Number.MAX_VALUE : 2 ** 128 - 2 ** 104)

/** a with other numbers in the place of NaN and the infinities, where the gradient is 0. Integers are themselves. */
export const nanToNum: Method<(a: TensorLike, options?: NanToNumOptions) => Tensor> = declare({
  name: 'nanToNum',
  call: (a: TensorLike, options: NanToNumOptions = {}) => {
    const { nan = 0, posinf, neginf } = checkOptions('nanToNum', options, nanToNumOptions)
    const x = asTensor('nanToNum', a)
    if (!isFloat(x.dtype)) return x
    const most = largest(x.dtype)
    const below = where(equal(x, Number.NEGATIVE_INFINITY), neginf ?? -most, x)
    return where(isnan(x), nan, where(equal(x, Number.POSITIVE_INFINITY), posinf ?? most, below))
  },
  samples: s => [[s.real(3, 4)], [s.real(0)], [s.real(), { nan: 1, posinf: 2, neginf: -2 }]],
})

/** |a| with the sign of b, that of −0 too; |a| where b is NaN. */
export const copysign: BinaryOp = binary({
  name: 'copysign',
  saves: 'inputs',
  domains: ['nonZero', 'nonZero'],
  gradients: [
    (g, { inputs: [a, b] }) => mul(g, mul(sign(a.detach()), copysign(abs(sign(a.detach())), b.detach()))),
    zeroGradient,
  ],
})

/** Whether the sign bit of a is set: below 0, and −0. */
export const signbit: Test = test('signbit', x => (isFloat(x.dtype) ? less(copysign(1, x), 0) : less(x, 0)))
