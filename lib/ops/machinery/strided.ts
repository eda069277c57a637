// Converts shapes and ranges to the arguments of the strided kernels. Nothing here is an op.

import { ShapeError, showShape } from '../../base/errors.js'
import { type Shape, stridesOf } from '../../base/shape.js'

const maxDims = 8

/** (count, stride) of each axis; contiguous axes are merged. */
export function dimsOf(op: string, counts: Shape, strides: Shape): Int32Array {
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

/** The ranges of a slice: [start, end) of each axis. */
export type Ranges = readonly (readonly [number, number])[]

export const lengthsOf = (ranges: Ranges): number[] => ranges.map(([start, end]) => end - start)

export function within(whole: Shape, ranges: Ranges): { at: number; dims: Int32Array } {
  const strides = stridesOf(whole)
  const at = ranges.reduce((sum, [start], i) => sum + start * strides[i], 0)
  return { at, dims: dimsOf('slice', lengthsOf(ranges), strides) }
}
