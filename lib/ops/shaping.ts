// Ops that change the shape and leave every element where it is: the result shares its storage.

import { gridOf } from '../base/broadcast.js'
import { isArray } from '../base/containers.js'
import { ArgumentError, ShapeError, showShape, showValue } from '../base/errors.js'
import { broadcastsTo, checkShape, normalizeAxes, normalizeAxis, type Shape, sameShape, sizeOf } from '../base/shape.js'
import type { Primitive } from '../core/primitive.js'
import type { Tensor, TensorLike } from '../core/tensor.js'
import { apply } from './machinery/apply.js'
import { expandTo, sumTo } from './machinery/broadcast-gradient.js'
import { declare, type Method } from './machinery/define.js'
import { type ListArgument, listOf, type OptionalList } from './machinery/list-argument.js'
import { asTensor } from './machinery/operands.js'

const reshapeOp: Primitive<Shape> = {
  name: 'reshape',
  saves: 'nothing',
  plan: ([a], shape) => ({ shape, dtype: a.dtype, elements: a.storage }),
  forward: () => {},
  vjp: (g, { shape, shapes }) => reshape(expandTo(g, shape), shapes[0]),
}

/** The same elements in another shape, a list or its lengths; one may be −1, to be worked out. */
export const reshape: Method<(a: TensorLike, ...shape: ListArgument) => Tensor> = declare({
  name: 'reshape',
  variadic: true,
  call: (a: TensorLike, ...shape: ListArgument) => {
    const x = asTensor('reshape', a)
    return apply(reshapeOp, [x], resolve(x, listOf(shape)))
  },
  samples: s => [
    [s.real(2, 6), [3, 4]],
    [s.real(2, 3), [-1]],
    [s.real(6), [2, -1]],
    [s.real(1, 1), []],
    [s.real(2, 6), 3, 4],
    [s.real(0, 3), [3, 0]],
  ],
})

function resolve(x: Tensor, target: readonly number[]): Shape {
  // A BigInt among them would be an error of arithmetic; holes are visited as undefined.
  if (!isArray(target) || Array.from(target).some(n => typeof n !== 'number')) {
    throw new ArgumentError(`reshape: expected a shape, got ${showValue(target)}`)
  }
  const holes = target.filter(n => n === -1).length
  if (holes > 1) throw new ShapeError(`reshape: expected at most one -1, got ${showShape(target)}`)
  const known = sizeOf(target.filter(n => n !== -1))
  const shape = target.map(n => (n === -1 ? x.size / known : n))
  if (holes === 0) checkShape('reshape', shape)
  if (sizeOf(shape) !== x.size || !shape.every(n => Number.isInteger(n) && n >= 0)) {
    throw new ShapeError(`reshape: cannot make ${showShape(x.shape)} (${x.size} elements) into ${showShape(target)}`)
  }
  return shape
}

/** Axes `start` to `end`, both included, joined into one. */
export const flatten: Method<(a: TensorLike, start?: number, end?: number) => Tensor> = declare({
  name: 'flatten',
  call: (a: TensorLike, start = 0, end = -1) => {
    const x = asTensor('flatten', a)
    if (x.ndim === 0) return reshape(x, [1])
    const first = normalizeAxis('flatten', start, x.ndim)
    const last = normalizeAxis('flatten', end, x.ndim)
    if (first > last) throw new ShapeError(`flatten: expected start ≤ end, got axes ${first} and ${last}`)
    const joined = sizeOf(x.shape.slice(first, last + 1))
    return reshape(x, [...x.shape.slice(0, first), joined, ...x.shape.slice(last + 1)])
  },
  samples: s => [[s.real(2, 3, 4)], [s.real(2, 3, 4), 1], [s.real(2, 3, 4), 0, 1], [s.real()]],
})

/** Without axes of length 1: all of them, or those given (one of another length stays, as in PyTorch). */
export const squeeze: Method<(a: TensorLike, ...axes: OptionalList) => Tensor> = declare({
  name: 'squeeze',
  variadic: true,
  call: (a: TensorLike, ...given: OptionalList) => {
    const x = asTensor('squeeze', a)
    const list = given[0] === undefined ? undefined : listOf(given as ListArgument)
    const axes = normalizeAxes('squeeze', list, x.ndim)
    return reshape(
      x,
      x.shape.filter((n, i) => n !== 1 || !axes.includes(i)),
    )
  },
  samples: s => [[s.real(1, 3, 1)], [s.real(1, 3, 1), 0], [s.real(1, 3, 1), -1], [s.real(1, 3, 1), 0, 2]],
})

/** With a new axis of length 1 at `axis` of the result. */
export const unsqueeze: Method<(a: TensorLike, axis: number) => Tensor> = declare({
  name: 'unsqueeze',
  call: (a: TensorLike, axis: number) => {
    const x = asTensor('unsqueeze', a)
    const at = normalizeAxis('unsqueeze', axis, x.ndim, 1)
    return reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)])
  },
  samples: s => [
    [s.real(3, 4), 0],
    [s.real(3, 4), -1],
    [s.real(3, 4), 1],
    [s.real(), 0],
  ],
})

const expandOp: Primitive<Shape> = {
  name: 'expand',
  saves: 'nothing',
  plan: ([a], shape) => ({ shape, dtype: a.dtype }),
  forward: (k, out, [a], shape) => {
    const { rows, cols, layouts, outer } = gridOf('expand', shape, [a.shape])
    k.copy(rows, cols, layouts[0], a.storage.array, out, outer)
  },
  vjp: (g, { shape, shapes }) => sumTo(g, shape, shapes[0]),
}

/** Repeated along axes of length 1 (and new ones in front) to `shape`; −1 keeps a length. The result is a copy. */
export const expand: Method<(a: TensorLike, ...shape: ListArgument) => Tensor> = declare({
  name: 'expand',
  variadic: true,
  call: (a: TensorLike, ...lengths: ListArgument) => {
    const x = asTensor('expand', a)
    const shape = listOf(lengths)
    if (!isArray(shape)) throw new ArgumentError(`expand: expected a shape, got ${showValue(shape)}`)
    const lead = shape.length - x.ndim
    const target = shape.map((n, i) => (n === -1 && i >= lead ? x.shape[i - lead] : n))
    checkShape('expand', target)
    if (!broadcastsTo(x.shape, target)) {
      throw new ShapeError(`expand: cannot repeat ${showShape(x.shape)} to ${showShape(shape)}`)
    }
    return sameShape(x.shape, target) ? x : apply(expandOp, [x], target)
  },
  samples: s => [
    [s.real(3, 1), [3, 4]],
    [s.real(3), [2, 3]],
    [s.real(), [2, 2]],
    [s.real(2, 1, 3, 1), [2, 4, 3, 5]],
    [s.real(3, 1), [2, -1, 4]],
    [s.real(3, 1), 3, 4],
    [s.real(1, 3), [0, 3]],
  ],
})
