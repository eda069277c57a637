// Changing dtype, and copying.

import { checkDType, type DType } from '../base/dtype.js'
import type { Plan, Primitive } from '../core/primitive.js'
import type { Tensor, TensorLike } from '../core/tensor.js'
import { apply } from './machinery/apply.js'
import { declare, type Method } from './machinery/define.js'
import { asTensor } from './machinery/operands.js'

const castOp: Primitive<DType> = {
  name: 'to',
  saves: 'nothing',
  plan: ([a], dtype) => ({ shape: a.shape, dtype }),
  forward: (k, out, [a], dtype) => k.cast(a.size, dtype === 'bool', a.storage.array, out),
  // The gradient has the result's dtype; it goes back in the input's own, which differs by being the other float.
  vjp: (g, { params }) => to(g, params === 'float32' ? 'float64' : 'float32'),
}

/**
 * The tensor with elements of another dtype; itself where it has that dtype. Floats become integers by truncation, held
 * at the bounds of the type (NaN: 0), and bool by being non-zero.
 */
export const to: Method<(a: TensorLike, dtype: DType) => Tensor> = declare({
  name: 'to',
  call: (a: TensorLike, dtype: DType) => {
    checkDType('to', dtype)
    const x = asTensor('to', a)
    return x.dtype === dtype ? x : apply(castOp, [x], dtype)
  },
  samples: s => [
    [s.real(2, 3), 'float64'],
    [s.real(), 'float64'],
    [s.real(0), 'float64'],
  ],
})

const cloneOp: Primitive<null, Plan> = {
  name: 'clone',
  saves: 'nothing',
  plan: ([a]) => ({ shape: a.shape, dtype: a.dtype }),
  forward: (k, out, [a]) => k.copy(1, a.size, 0, a.storage.array, out),
  vjp: g => g,
}

/** A copy in memory of its own, still part of the graph. */
export const clone: Method<(a: TensorLike) => Tensor> = declare({
  name: 'clone',
  call: (a: TensorLike) => apply(cloneOp, [asTensor('clone', a)], null),
  samples: s => [[s.real(2, 3)], [s.real()], [s.real(0, 2)]],
})
