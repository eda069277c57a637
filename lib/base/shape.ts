// Shapes as arithmetic: sizes, strides, axes, broadcasting. Nothing here knows a tensor or a kernel.

import { isArray } from './containers.js'
import { ArgumentError, ShapeError, showShape, showValue } from './errors.js'

export type Shape = readonly number[]

/** The number of elements. */
export function sizeOf(shape: Shape): number {
  let size = 1
  for (let i = 0; i < shape.length; i++) size *= shape[i]
  return size
}

/** Row-major strides, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length)
  let stride = 1
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride
    stride *= shape[i]
  }
  return strides
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** The largest number of elements a tensor may have: kernels count in 32-bit signed integers. */
export const maxSize = 2 ** 31 - 1

/** The largest number of axes, as PyTorch's. */
export const maxRank = 64

/** Throws ShapeError unless `shape` is a list of at most 64 non-negative integers whose product is at most 2³¹ − 1. */
export function checkShape(op: string, shape: unknown): asserts shape is Shape {
  // findIndex visits holes, every does not.
  if (!isArray(shape) || shape.findIndex(n => !Number.isInteger(n) || n < 0) !== -1) {
    throw new ShapeError(`${op}: expected a shape of non-negative integers, got ${showValue(shape)}`)
  }
  if (shape.length > maxRank) throw new ShapeError(`${op}: expected at most ${maxRank} axes, got ${shape.length}`)
  if (sizeOf(shape) > maxSize || shape.some(n => n > maxSize)) {
    throw new ShapeError(`${op}: expected at most ${maxSize} elements, got shape ${showShape(shape)}`)
  }
}

/** The shape that `a` and `b` broadcast to, by NumPy's rule. */
export function broadcastShapes(op: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a
  const ndim = Math.max(a.length, b.length)
  const shape = new Array<number>(ndim)
  for (let i = 1; i <= ndim; i++) {
    const m = i <= a.length ? a[a.length - i] : 1
    const n = i <= b.length ? b[b.length - i] : 1
    if (m !== n && m !== 1 && n !== 1) {
      throw new ShapeError(`${op}: shapes do not broadcast: ${showShape(a)} and ${showShape(b)}`)
    }
    shape[ndim - i] = m === 1 ? n : m
  }
  return shape
}

/** Whether `from` broadcasts to exactly `to`. */
export function broadcastsTo(from: Shape, to: Shape): boolean {
  if (from.length > to.length) return false
  const lead = to.length - from.length
  return from.every((n, i) => n === to[lead + i] || n === 1)
}

/** An axis as a position from 0; negative ones count from the end. `extra` admits positions one past the end. */
export function normalizeAxis(op: string, axis: number, ndim: number, extra = 0): number {
  const bound = ndim + extra
  if (!Number.isInteger(axis)) throw new ArgumentError(`${op}: expected an integer axis, got ${showValue(axis)}`)
  if (axis < -bound || axis >= bound) {
    // A 0-d tensor takes axis 0 and -1, as in PyTorch.
    if (bound === 0 && (axis === 0 || axis === -1)) return 0
    throw new ShapeError(`${op}: expected an axis from ${-bound} to ${bound - 1}, got ${axis}`)
  }
  return axis < 0 ? axis + bound : axis
}

/** One, several or all axes (null, or left out) as distinct ascending positions. */
export function normalizeAxes(op: string, axis: number | readonly number[] | null | undefined, ndim: number): number[] {
  if (axis === undefined || axis === null) return Array.from({ length: ndim }, (_, i) => i)
  if (typeof axis !== 'number' && !isArray(axis)) {
    throw new ArgumentError(`${op}: expected an axis or a list of axes, got ${showValue(axis)}`)
  }
  const axes = (typeof axis === 'number' ? [axis] : Array.from(axis)).map(a => normalizeAxis(op, a, ndim))
  if (new Set(axes).size !== axes.length) throw new ShapeError(`${op}: expected distinct axes, got ${showShape(axes)}`)
  return ndim === 0 ? [] : axes.sort((a, b) => a - b)
}

/** `shape` without `axes`, or with 1 in their place. */
export function reducedShape(shape: Shape, axes: readonly number[], keepdims: boolean): Shape {
  if (axes.length === shape.length && !keepdims) return []
  return keepdims ? shape.map((n, i) => (axes.includes(i) ? 1 : n)) : shape.filter((_, i) => !axes.includes(i))
}

/** [outer, n, inner] around `axis`. */
export function around(shape: Shape, axis: number): { outer: number; n: number; inner: number } {
  return { outer: sizeOf(shape.slice(0, axis)), n: shape[axis] ?? 1, inner: sizeOf(shape.slice(axis + 1)) }
}
