// Comparison of arrays: to the bit, or to a tolerance relative to the size of the numbers involved.

import type { NumberArray } from '../../../lib/backend/signature.js'

/** The first difference in the first `length` elements, in words; undefined where there is none. */
export function difference(
  actual: NumberArray,
  expected: NumberArray,
  length: number,
  allowed: (expected: number) => number,
): string | undefined {
  for (let i = 0; i < length; i++) {
    if (Object.is(actual[i], expected[i])) continue
    if (Number.isFinite(expected[i]) && Math.abs(actual[i] - expected[i]) <= allowed(expected[i])) continue
    return `at ${i}: expected ${expected[i]}, got ${actual[i]}`
  }
  return undefined
}

/** Nothing but the same bits (any NaN counts as any other). */
export const exactly = (): number => -1

/** The largest finite magnitude among the first `length` elements. */
export function magnitude(array: NumberArray, length: number): number {
  let largest = 0
  for (let i = 0; i < length; i++) if (Number.isFinite(array[i])) largest = Math.max(largest, Math.abs(array[i]))
  return largest
}

export const sameBytes = (a: NumberArray, b: NumberArray): boolean =>
  Buffer.compare(
    Buffer.from(a.buffer, a.byteOffset, a.byteLength),
    Buffer.from(b.buffer, b.byteOffset, b.byteLength),
  ) === 0
