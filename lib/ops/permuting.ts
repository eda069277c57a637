// Axes in another order.

import { isArray } from '../base/containers.js'
import { ArgumentError, ShapeError, showShape, showValue } from '../base/errors.js'
import { normalizeAxis, type Shape, stridesOf } from '../base/shape.js'
import type { Primitive } from '../core/primitive.js'
import type { Tensor, TensorLike } from '../core/tensor.js'
import { apply } from './machinery/apply.js'
import { declare, type Method } from './machinery/define.js'
import { type ListArgument, listOf } from './machinery/list-argument.js'
import { asTensor } from './machinery/operands.js'
import { dimsOf } from './machinery/strided.js'

const permuteOp: Primitive<Shape> = {
  name: 'permute',
  saves: 'nothing',
  plan: ([a], order) => ({ shape: order.map(axis => a.shape[axis]), dtype: a.dtype }),
  forward: (k, out, [a], order) => {
    const strides = stridesOf(a.shape)
    const dims = dimsOf(
      'permute',
      order.map(axis => a.shape[axis]),
      order.map(axis => strides[axis]),
    )
    k.stridedRead(0, dims, a.storage.array, out)
  },
  vjp: (g, { params: order }) =>
    permute(
      g,
      order.map((_, i) => order.indexOf(i)),
    ),
}

/** The axes in another order. */
export const permute: Method<(a: TensorLike, ...axes: ListArgument) => Tensor> = declare({
  name: 'permute',
  variadic: true,
  call: (a: TensorLike, ...given: ListArgument) => {
    const x = asTensor('permute', a)
    const axes = listOf(given)
    if (!isArray(axes)) throw new ArgumentError(`permute: expected a list of axes, got ${showValue(axes)}`)
    const order = Array.from(axes, axis => normalizeAxis('permute', axis, x.ndim))
    if (order.length !== x.ndim || new Set(order).size !== x.ndim) {
      throw new ShapeError(`permute: expected each of ${x.ndim} axes once, got ${showShape(axes)}`)
    }
    return apply(permuteOp, [x], order)
  },
  samples: s => [
    [s.real(2, 3, 4), [2, 0, 1]],
    [s.real(2, 3, 4, 2), [0, 2, 1, 3]],
    [s.real(5, 7), [1, 0]],
    [s.real(5, 7), 1, 0],
    [s.real(0, 3), [1, 0]],
    [s.real(), []],
  ],
})

/** Two axes exchanged, the last two by default; without axes given, a tensor of fewer than two stays as it is. */
export const transpose: Method<(a: TensorLike, first?: number, second?: number) => Tensor> = declare({
  name: 'transpose',
  call: (a: TensorLike, first?: number, second?: number) => {
    const x = asTensor('transpose', a)
    if (x.ndim < 2 && first === undefined && second === undefined) return x
    const i = normalizeAxis('transpose', first ?? -2, x.ndim)
    const j = normalizeAxis('transpose', second ?? -1, x.ndim)
    if (i === j) return x
    const order = x.shape.map((_, axis) => axis)
    ;[order[i], order[j]] = [j, i]
    return permute(x, order)
  },
  samples: s => [[s.real(3, 4)], [s.real(2, 3, 4), 0, 2], [s.real(67, 35)], [s.real(5)]],
})
