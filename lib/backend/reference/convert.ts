// Conversion of a number to an element type, as the kernels define it: truncation and saturation for the integers.

import type { NumberArray } from '../signature.js'

/** The value that `like`'s element type holds for x: rounded for floats; truncated and clamped, NaN 0, for integers. */
export function convert(x: number, like: NumberArray): number {
  if (like instanceof Float32Array) return Math.fround(x)
  if (like instanceof Float64Array) return x
  return like instanceof Int32Array ? toInt32(x) : toUint8(x)
}

/** Truncated; beyond the range the nearest bound; NaN 0. */
export const toInt32 = (x: number): number => (x >= 2147483647 ? 2147483647 : x <= -2147483648 ? -2147483648 : x | 0)

/** Truncated; beyond the range the nearest bound; NaN 0. */
export const toUint8 = (x: number): number => (x >= 255 ? 255 : x >= 0 ? x | 0 : 0)
