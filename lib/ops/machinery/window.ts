// Windows that slide over the last two axes: their options, checked, and the lengths of what they give.

import { isArray } from '../../base/containers.js'
import { ArgumentError, ShapeError, showShape, showValue } from '../../base/errors.js'
import type { Kind } from '../../base/options.js'
import type { Shape } from '../../base/shape.js'

/** One number for both axes, or one each: [height, width]. */
export type Pair = number | readonly [height: number, width: number]

export type TwoNumbers = readonly [height: number, width: number]

const isPairOf = (value: unknown, least: number): boolean =>
  typeof value === 'number'
    ? Number.isInteger(value) && value >= least && value <= 2147483647
    : isArray(value) && value.length === 2 && value.every(each => typeof each === 'number' && isPairOf(each, least))

export const pairFrom1: Kind = {
  expected: 'a whole number from 1 or [height, width] of such',
  accepts: value => isPairOf(value, 1),
}
export const pairFrom0: Kind = {
  expected: 'a whole number from 0 or [height, width] of such',
  accepts: value => isPairOf(value, 0),
}
export const convolutionPadding: Kind = {
  expected: `'same', 'valid', a whole number from 0 or [height, width] of such`,
  accepts: value => value === 'same' || value === 'valid' || isPairOf(value, 0),
}
export const from1: Kind = {
  expected: 'a whole number from 1',
  accepts: value => typeof value === 'number' && isPairOf(value, 1),
}
export const from0: Kind = {
  expected: 'a whole number from 0',
  accepts: value => typeof value === 'number' && isPairOf(value, 0),
}

export const bothOf = (pair: Pair): TwoNumbers => (typeof pair === 'number' ? [pair, pair] : pair)

/** Both, or the error that such an option has. */
export function checkPair(owner: string, name: string, value: unknown): TwoNumbers {
  if (isPairOf(value, 1)) return bothOf(value as Pair)
  throw new ArgumentError(`${owner}: expected ${name} to be ${pairFrom1.expected}, got ${showValue(value)}`)
}

/** As PyTorch shows them: one number where both are the same. */
export const showPair = ([a, b]: TwoNumbers): number | TwoNumbers => (a === b ? a : [a, b])

/** Pairs as kernels take them. */
export const pairsOf = (...pairs: readonly TwoNumbers[]): Int32Array => Int32Array.from(pairs.flat())

/** [channels, height, width] with any axes before. @throws ShapeError for another number of axes than 3 or 4. */
export function checkImages(op: string, shape: Shape): void {
  if (shape.length === 4 || shape.length === 3) return
  throw new ShapeError(
    `${op}: expected x [n, channels, height, width] or [channels, height, width], got ${showShape(shape)}`,
  )
}
