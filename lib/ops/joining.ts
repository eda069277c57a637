// Tensors joined and cut along an axis.

import { isArray } from '../base/containers.js'
import { ArgumentError, ShapeError, showShape, showValue } from '../base/errors.js'
import { normalizeAxis, type Shape, sameShape } from '../base/shape.js'
import type { Primitive } from '../core/primitive.js'
import type { Tensor, TensorLike } from '../core/tensor.js'
import { apply } from './machinery/apply.js'
import { expandTo } from './machinery/broadcast-gradient.js'
import { declare, declareFunction, type Method } from './machinery/define.js'
import { asTensor, unifyAll } from './machinery/operands.js'
import { within } from './machinery/strided.js'
import { unsqueeze } from './shaping.js'
import { type Range, slice } from './slicing.js'

const starts = new WeakMap<readonly Shape[], readonly number[]>()

/** Where along the axis each part begins: reckoned once for all parts. */
function startsOf(shapes: readonly Shape[], axis: number): readonly number[] {
  const known = starts.get(shapes)
  if (known !== undefined) return known
  let start = 0
  const made = shapes.map(shape => {
    start += shape[axis]
    return start - shape[axis]
  })
  starts.set(shapes, made)
  return made
}

const concatOp: Primitive<number> = {
  name: 'concat',
  saves: 'nothing',
  plan: (parts, axis) => {
    const [{ shape, dtype }] = parts
    return {
      shape: shape.with(
        axis,
        parts.reduce((sum, part) => sum + part.shape[axis], 0),
      ),
      dtype,
    }
  },
  forward: (k, out, parts, axis, { shape }) => {
    let start = 0
    for (const part of parts) {
      const end = start + part.shape[axis]
      if (part.size > 0) {
        const { at, dims } = within(
          shape,
          shape.map((n, i) => (i === axis ? [start, end] : [0, n])),
        )
        k.stridedWrite(at, dims, part.storage.array, out)
      }
      start = end
    }
  },
  vjp: (g, { params: axis, shapes, shape }, i) => {
    const length = shapes[i][axis]
    // Of a gradient that is the same along the axis each part gets its own length: no part pays for the whole.
    if (g.shape[axis] !== shape[axis]) return expandTo(g, g.shape.with(axis, length))
    const start = startsOf(shapes, axis)[i]
    return slice(g, ...shape.map((_, j): Range => (j === axis ? [start, start + length] : null)))
  },
}

/** Tensors joined along an axis that is there (0 by default); the other axes must agree. */
export const concat: (tensors: readonly TensorLike[], axis?: number) => Tensor = declareFunction({
  name: 'concat',
  call: (tensors: readonly TensorLike[], axis = 0) => {
    const parts = unifyAll('concat', tensors)
    const [{ shape }] = parts
    if (shape.length === 0)
      throw new ShapeError('concat: expected tensors of at least one axis, got a 0-d tensor; use stack')
    const at = normalizeAxis('concat', axis, shape.length)
    for (const part of parts) {
      if (part.ndim !== shape.length || part.shape.some((n, i) => i !== at && n !== shape[i])) {
        throw new ShapeError(
          `concat: shapes differ beside axis ${at}: ${showShape(shape)} and ${showShape(part.shape)}`,
        )
      }
    }
    return apply(concatOp, parts, at)
  },
  samples: s => [
    [[s.real(2, 3), s.real(1, 3)]],
    [[s.real(2, 3), s.real(2, 1), s.real(2, 0)], 1],
    [[s.real(2, 1, 3), s.real(2, 2, 3)], -2],
    [[s.real(4)]],
  ],
})

/** Tensors of one shape joined along a new axis. */
export const stack: (tensors: readonly TensorLike[], axis?: number) => Tensor = declareFunction({
  name: 'stack',
  call: (tensors: readonly TensorLike[], axis = 0) => {
    const parts = unifyAll('stack', tensors)
    for (const part of parts) {
      if (!sameShape(part.shape, parts[0].shape)) {
        throw new ShapeError(`stack: shapes differ: ${showShape(parts[0].shape)} and ${showShape(part.shape)}`)
      }
    }
    const at = normalizeAxis('stack', axis, parts[0].ndim, 1)
    return concat(
      parts.map(part => unsqueeze(part, at)),
      at,
    )
  },
  samples: s => [[[s.real(2, 3), s.real(2, 3)]], [[s.real(2, 3), s.real(2, 3)], -1], [[s.real(), s.real()]]],
})

/** Cut along an axis: into pieces of `size` (the last may be shorter), or of the sizes given. */
export const split: Method<(a: TensorLike, size: number | readonly number[], axis?: number) => Tensor[]> = declare({
  name: 'split',
  call: (a: TensorLike, size: number | readonly number[], axis = 0) => {
    const x = asTensor('split', a)
    if (x.ndim === 0) throw new ShapeError('split: expected at least one axis, got a 0-d tensor')
    const at = normalizeAxis('split', axis, x.ndim)
    let start = 0
    return sizesOf(x.shape[at], size).map(length => {
      const range: Range = [start, start + length]
      start += length
      return slice(x, ...x.shape.map((_, i) => (i === at ? range : null)))
    })
  },
  samples: s => [
    [s.real(5, 2), 2],
    [s.real(2, 5), [1, 4], 1],
    [s.real(4), 4],
  ],
})

function sizesOf(length: number, size: number | readonly number[]): readonly number[] {
  if (typeof size === 'number') {
    if (!Number.isInteger(size) || size < 1)
      throw new ArgumentError(`split: expected a size of at least 1, got ${size}`)
    return Array.from({ length: Math.max(1, Math.ceil(length / size)) }, (_, i) => Math.min(size, length - i * size))
  }
  if (!isArray(size)) throw new ArgumentError(`split: expected a size or a list of sizes, got ${showValue(size)}`)
  if (!size.every(n => Number.isInteger(n) && n >= 0) || size.reduce((a, b) => a + b, 0) !== length) {
    throw new ShapeError(`split: expected sizes that add up to ${length}, got ${showValue(size)}`)
  }
  return size
}
