// Parts of a tensor, and a tensor as a part: slice and pad, each the other's gradient.

import { isArray } from '../base/containers.js'
import { ArgumentError, ShapeError, showShape, showValue } from '../base/errors.js'
import { checkShape, type Shape, sizeOf } from '../base/shape.js'
import type { Primitive } from '../core/primitive.js'
import type { Tensor, TensorLike } from '../core/tensor.js'
import { convert } from '../core/values.js'
import { apply } from './machinery/apply.js'
import { expandTo } from './machinery/broadcast-gradient.js'
import { declare, type Method } from './machinery/define.js'
import { asTensor } from './machinery/operands.js'
import { lengthsOf, type Ranges, within } from './machinery/strided.js'

const sliceOp: Primitive<Ranges> = {
  name: 'slice',
  saves: 'nothing',
  plan: ([a], ranges) => ({ shape: lengthsOf(ranges), dtype: a.dtype }),
  forward: (k, out, [a], ranges, { shape }) => {
    if (sizeOf(shape) === 0) return
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
  if (!isArray(range) || range.length > 2 || range.some(n => n !== null && n !== undefined && !Number.isInteger(n))) {
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
  forward: (k, out, [a], { before, value }, { shape }) => {
    k.fill(sizeOf(shape), value, out)
    if (a.size === 0) return
    const { at, dims } = within(
      shape,
      a.shape.map((n, i) => [before[i], before[i] + n]),
    )
    k.stridedWrite(at, dims, a.storage.array, out)
  },
  vjp: (g, { params: { before }, shapes: [own], shape }) =>
    slice(expandTo(g, shape), ...own.map((n, i): Range => [before[i], before[i] + n])),
}

/** `value` (0) added around: `widths` gives [before, after] for each axis, as NumPy's pad does. */
export const pad: Method<
  (a: TensorLike, widths: readonly (readonly [number, number])[], value?: number | boolean) => Tensor
> = declare({
  name: 'pad',
  call: (a: TensorLike, widths: readonly (readonly [number, number])[], value: number | boolean = 0) => {
    const x = asTensor('pad', a)
    const isPair = (pair: unknown): boolean =>
      isArray(pair) && pair.length === 2 && pair.every(n => Number.isInteger(n) && n >= 0)
    if (!isArray(widths) || widths.length !== x.ndim || !widths.every(isPair)) {
      throw new ShapeError(`pad: expected [before, after] for each of ${x.ndim} axes, got ${showValue(widths)}`)
    }
    if (typeof value !== 'number' && typeof value !== 'boolean') {
      throw new ArgumentError(`pad: expected a number as value, got ${showValue(value)}`)
    }
    const [before, after] = [widths.map(([n]) => n), widths.map(([, n]) => n)]
    checkShape(
      'pad',
      x.shape.map((n, i) => before[i] + n + after[i]),
    )
    return apply(padOp, [x], { before, after, value: convert('pad', Number(value), x.dtype) })
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
