// Ops that put elements elsewhere: permute, slice, pad, join, split. All are strided copies.

import { ArgumentError, ShapeError, showShape, showValue } from '../errors.js'
import { expandTo } from '../gradients.js'
import { normalizeAxis, type Shape, sameShape, stridesOf } from '../shape.js'
import type { Tensor, TensorLike } from '../tensor.js'
import { apply } from './apply.js'
import { declare, declareFunction, type Method, type Primitive } from './define.js'
import { asTensor, unifyAll } from './operands.js'
import { unsqueeze } from './shaping.js'

const maxDims = 8

/** (count, stride) of each axis, axes joined where one continues the next. */
function dimsOf(op: string, counts: Shape, strides: Shape): Int32Array {
  const pairs: [number, number][] = []
  counts.forEach((count, i) => {
    if (count === 1) return
    const last = pairs[pairs.length - 1]
    if (last !== undefined && last[1] === strides[i] * count) pairs[pairs.length - 1] = [last[0] * count, strides[i]]
    else pairs.push([count, strides[i]])
  })
  if (pairs.length > maxDims) {
    throw new ShapeError(
      `${op}: expected at most ${maxDims} axes that cannot be joined, got shape ${showShape(counts)}`,
    )
  }
  return Int32Array.from(pairs.flat())
}

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
export const permute: Method<(a: TensorLike, axes: readonly number[]) => Tensor> = declare({
  name: 'permute',
  call: (a: TensorLike, axes: readonly number[]) => {
    const x = asTensor('permute', a)
    if (!Array.isArray(axes)) throw new ArgumentError(`permute: expected a list of axes, got ${showValue(axes)}`)
    const order = axes.map(axis => normalizeAxis('permute', axis, x.ndim))
    if (order.length !== x.ndim || new Set(order).size !== x.ndim) {
      throw new ShapeError(`permute: expected each of ${x.ndim} axes once, got ${showShape(axes)}`)
    }
    return apply(permuteOp, [x], order)
  },
  samples: s => [
    [s.real(2, 3, 4), [2, 0, 1]],
    [s.real(2, 3, 4, 2), [0, 2, 1, 3]],
    [s.real(5, 7), [1, 0]],
    [s.real(0, 3), [1, 0]],
    [s.real(), []],
  ],
})

/** Two axes exchanged, the last two by default; a tensor of fewer than two axes stays as it is. */
export const transpose: Method<(a: TensorLike, first?: number, second?: number) => Tensor> = declare({
  name: 'transpose',
  call: (a: TensorLike, first = -2, second = -1) => {
    const x = asTensor('transpose', a)
    if (x.ndim < 2) return x
    const order = x.shape.map((_, i) => i)
    const i = normalizeAxis('transpose', first, x.ndim)
    const j = normalizeAxis('transpose', second, x.ndim)
    ;[order[i], order[j]] = [j, i]
    return permute(x, order)
  },
  samples: s => [[s.real(3, 4)], [s.real(2, 3, 4), 0, 2], [s.real(67, 35)], [s.real(5)]],
})

/** Where a slice lies within its whole: [start, end) of each axis. */
type Ranges = readonly (readonly [number, number])[]

const lengthsOf = (ranges: Ranges): number[] => ranges.map(([start, end]) => end - start)

function within(whole: Shape, ranges: Ranges): { at: number; dims: Int32Array } {
  const strides = stridesOf(whole)
  const at = ranges.reduce((sum, [start], i) => sum + start * strides[i], 0)
  return { at, dims: dimsOf('slice', lengthsOf(ranges), strides) }
}

const sliceOp: Primitive<Ranges> = {
  name: 'slice',
  saves: 'nothing',
  plan: ([a], ranges) => ({ shape: lengthsOf(ranges), dtype: a.dtype }),
  forward: (k, out, [a], ranges) => {
    if (out.length === 0) return
    const { at, dims } = within(a.shape, ranges)
    k.stridedRead(at, dims, a.storage.array, out)
  },
  vjp: (g, { params: ranges, shapes: [whole], shape }) =>
    pad(
      expandTo(g, shape),
      ranges.map(([start, end], i) => [start, whole[i] - end]),
    ),
}

/** One axis of a slice: [start, end) (negative from the end, null or left out: the edge), or null for all of it. */
export type Range = readonly [start?: number | null, end?: number | null] | null

function rangeOf(range: Range | undefined, length: number): readonly [number, number] {
  if (range === undefined || range === null) return [0, length]
  if (
    !Array.isArray(range) ||
    range.length > 2 ||
    range.some(n => n !== null && n !== undefined && !Number.isInteger(n))
  ) {
    throw new ArgumentError(`slice: expected [start, end] of integers, got ${showValue(range)}`)
  }
  const [start, end] = range
  const at = (n: number): number => Math.min(length, Math.max(0, n < 0 ? n + length : n))
  const first = at(start ?? 0)
  return [first, Math.max(first, at(end ?? length))]
}

/** A rectangular part: `a.slice([0, 1], [1, 3])` is a[0:1, 1:3]. Axes that are not named are whole. */
export const slice: Method<(a: TensorLike, ...ranges: Range[]) => Tensor> = declare({
  name: 'slice',
  variadic: true,
  call: (a: TensorLike, ...ranges: Range[]) => {
    const x = asTensor('slice', a)
    if (ranges.length > x.ndim) {
      throw new ShapeError(
        `slice: expected at most ${x.ndim} ranges for shape ${showShape(x.shape)}, got ${ranges.length}`,
      )
    }
    return apply(
      sliceOp,
      [x],
      x.shape.map((length, i) => rangeOf(ranges[i], length)),
    )
  },
  samples: s => [
    [s.real(4, 5), [1, 3]],
    [s.real(4, 5), null, [2, -1]],
    [s.real(3, 4, 5), [0, 2], [1], [-3, -1]],
    [s.real(6), [4, 2]],
    [s.real(4, 0), [1, 2]],
  ],
})

interface PadParams {
  readonly before: Shape
  readonly after: Shape
  readonly value: number
}

const padOp: Primitive<PadParams> = {
  name: 'pad',
  saves: 'nothing',
  plan: ([a], { before, after }) => ({ shape: a.shape.map((n, i) => n + before[i] + after[i]), dtype: a.dtype }),
  forward: (k, out, [a], { before, after, value }) => {
    k.fill(out.length, value, out)
    if (a.size === 0) return
    const whole = a.shape.map((n, i) => n + before[i] + after[i])
    const { at, dims } = within(
      whole,
      a.shape.map((n, i) => [before[i], before[i] + n]),
    )
    k.stridedWrite(at, dims, a.storage.array, out)
  },
  vjp: (g, { params: { before }, shapes: [own], shape }) =>
    slice(expandTo(g, shape), ...own.map((n, i): Range => [before[i], before[i] + n])),
}

/** `value` (0) added around: `widths` gives [before, after] for each axis, as NumPy's pad does. */
export const pad: Method<(a: TensorLike, widths: readonly (readonly [number, number])[], value?: number) => Tensor> =
  declare({
    name: 'pad',
    call: (a: TensorLike, widths: readonly (readonly [number, number])[], value = 0) => {
      const x = asTensor('pad', a)
      const isPair = (pair: unknown): boolean =>
        Array.isArray(pair) && pair.length === 2 && pair.every(n => Number.isInteger(n) && n >= 0)
      if (!Array.isArray(widths) || widths.length !== x.ndim || !widths.every(isPair)) {
        throw new ShapeError(`pad: expected [before, after] for each of ${x.ndim} axes, got ${showValue(widths)}`)
      }
      return apply(padOp, [x], { before: widths.map(([n]) => n), after: widths.map(([, n]) => n), value })
    },
    samples: s => [
      [
        s.real(2, 3),
        [
          [1, 0],
          [0, 2],
        ],
      ],
      [s.real(4), [[2, 3]], 0.5],
      [
        s.real(0, 2),
        [
          [1, 1],
          [0, 0],
        ],
      ],
    ],
  })

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
    const start = shapes.slice(0, i).reduce((sum, part) => sum + part[axis], 0)
    const full = g.shape[axis] === shape[axis] ? g : expandTo(g, g.shape.with(axis, shape[axis]))
    return slice(full, ...shape.map((_, j): Range => (j === axis ? [start, start + shapes[i][axis]] : null)))
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
  if (!size.every(n => Number.isInteger(n) && n >= 0) || size.reduce((a, b) => a + b, 0) !== length) {
    throw new ShapeError(`split: expected sizes that add up to ${length}, got ${showShape(size)}`)
  }
  return size
}
