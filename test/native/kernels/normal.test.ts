// gelu and its gradient on both backends against the normal distribution from C's erfc (test/fixtures/special.json,
// written by special.py beside it). The backends share a series, so parity alone would miss a wrong coefficient.

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { loadNative } from '../../../lib/backend/load.js'
import { reference } from '../../../lib/backend/reference.js'

const referenceOnly = process.env.BLASGRAD_BACKEND === 'reference'
const backends = referenceOnly ? { reference } : { reference, native: loadNative().backend }
const file = new URL('../../fixtures/special.json', import.meta.url)
/** [x, Φ(x), φ(x)] */
const points = (JSON.parse(readFileSync(file, 'utf8')) as { normal: [number, number, number][] }).normal

/** The rounding error of a result relative to its terms, and the values that count as 0: denormal terms times x. */
const kinds = [
  { Kind: Float64Array, relative: 1e-13, negligible: 1e-306 },
  { Kind: Float32Array, relative: 5e-7, negligible: 1e-36 },
] as const

describe.each(Object.entries(backends))('%s', (_, backend) => {
  test.each(kinds)('$Kind.name', ({ Kind, relative, negligible }) => {
    const n = points.length
    const x = new Kind(points.map(([x]) => x))
    const value = new Kind(n)
    const slope = new Kind(n)
    backend.gelu(1, n, 0, x, value)
    backend.geluBackward(1, n, 0, 0, new Kind(n).fill(1), x, slope)
    const near = (name: string, i: number, actual: number, expected: number, terms: number): void => {
      const off = Math.abs(actual - expected)
      const allowed = relative * terms + negligible
      if (!(off <= allowed)) expect.fail(`${name} of ${x[i]}: expected ${expected}, got ${actual}`)
    }
    for (const [i, [at, distribution, density]] of points.entries()) {
      near('gelu', i, value[i], at * distribution, Math.abs(at) * distribution)
      near('its gradient', i, slope[i], distribution + at * density, distribution + Math.abs(at) * density)
    }
  })
})
