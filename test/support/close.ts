// Comparing arrays within a tolerance, with a message that shows the worst element.

import { expect } from 'vitest'

export interface Tolerance {
  readonly relative: number
  /** Relative to the largest magnitude of what is expected, plus this much. */
  readonly absolute: number
}

/** The first difference beyond |e|·relative + absolute·(1 + max |expected|), or null. NaN equals NaN. */
export function difference(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: Tolerance,
): string | null {
  if (actual.length !== expected.length) return `length ${actual.length}, expected ${expected.length}`
  let scale = 0
  for (let i = 0; i < expected.length; i++)
    if (Number.isFinite(expected[i])) scale = Math.max(scale, Math.abs(expected[i]))
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i], expected[i]]
    if (Object.is(a, e) || a === e || (Number.isNaN(a) && Number.isNaN(e))) continue
    const allowed = Math.abs(e) * tolerance.relative + tolerance.absolute * (1 + scale)
    if (!(Math.abs(a - e) <= allowed)) return `element ${i}: ${a}, expected ${e}`
  }
  return null
}

export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: Tolerance,
  what: string,
): void {
  const found = difference(actual, expected, tolerance)
  if (found !== null) expect.fail(`${what}: ${found}`)
}
