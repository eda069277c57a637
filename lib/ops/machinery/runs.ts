// Runs of adjacent axes: a reduction's kernel reduces one run. Shapes only; nothing here is an op.

import { normalizeAxes, type Shape, sizeOf } from '../../base/shape.js'
import type { Axis } from './reduce-options.js'

/** Adjacent axes, as [first, how many]. */
export type Run = readonly [first: number, count: number]

/** The runs that `axis` names, the last first, so that the positions of the others hold as each is taken out. */
export function runsOf(op: string, axis: Axis | undefined, ndim: number): Run[] {
  if (axis === undefined || axis === null) return ndim === 0 ? [] : [[0, ndim]]
  const runs: [number, number][] = []
  for (const i of normalizeAxes(op, axis, ndim)) {
    const last = runs[runs.length - 1]
    if (last !== undefined && last[0] + last[1] === i) last[1]++
    else runs.push([i, 1])
  }
  return runs.reverse()
}

export const onesOf = (count: number): number[] => new Array<number>(count).fill(1)

/** `shape` with 1 along the run. */
export const withOnes = (shape: Shape, [first, count]: Run): number[] => [
  ...shape.slice(0, first),
  ...onesOf(count),
  ...shape.slice(first + count),
]

/** `shape` without the run. */
export const withoutRun = (shape: Shape, [first, count]: Run): number[] =>
  count === shape.length ? [] : [...shape.slice(0, first), ...shape.slice(first + count)]

/** [outer, n, inner] around the run. */
export function aroundRun(shape: Shape, [first, count]: Run): { outer: number; n: number; inner: number } {
  if (count === shape.length) return { outer: 1, n: sizeOf(shape), inner: 1 }
  const n = sizeOf(shape.slice(first, first + count))
  return { outer: sizeOf(shape.slice(0, first)), n, inner: sizeOf(shape.slice(first + count)) }
}
