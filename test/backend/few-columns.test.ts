// Reductions down few columns, of which the addon takes as many rows at once as a few vectors have room for: all ends of
// rows and of vectors, every element type. The values make every order of the additions and multiplications exact.

import { describe, expect, test } from 'vitest'
import { loadNative } from '../../lib/backend/load.js'
import { reference } from '../../lib/backend/reference.js'
import { Random } from '../support/random.js'
import { difference, exactly } from './support/compare.js'

const referenceOnly = process.env.BLASGRAD_BACKEND === 'reference'
const kernels = ['sum', 'prod', 'max', 'min'] as const
const kinds = [Float32Array, Float64Array, Int32Array, Uint8Array] as const

describe.skipIf(referenceOnly).each(kinds)('%o', Kind => {
  const native = referenceOnly ? reference : loadNative().backend
  const random = new Random(3)
  const isFloat = Kind === Float32Array || Kind === Float64Array
  const draws = {
    sum: () => random.integer(9) - 4,
    prod: () => [-1, 1, 1, 1, 1, 2, 0.5][random.integer(isFloat ? 7 : 6)],
    max: () => random.integer(2000) - 1000,
    min: () => random.integer(2000) - 1000,
  }

  /** Both backends' answers are the same, and neither reads nor writes beyond its arrays' ends. */
  function expectSame(name: (typeof kernels)[number], [outer, n, inner]: readonly number[], draw: () => number): void {
    const a = new Kind(outer * n * inner + 1).subarray(1)
    for (let i = 0; i < a.length; i++) a[i] = draw()
    const [actual, expected] = [native, reference].map(backend => {
      const out = new Kind(outer * inner + 1).fill(7)
      backend[name](outer, n, inner, a as never, out.subarray(0, outer * inner) as never)
      expect(out[outer * inner]).toBe(7)
      return out
    })
    const found = difference(actual, expected, expected.length, exactly)
    if (found !== undefined) expect.fail(`${name} ${outer}×${n}×${inner}: ${found}`)
  }

  test.each(kernels)('%s, all ends', name => {
    for (const inner of [2, 3, 4, 5, 7, 8, 9, 10, 13, 15, 16, 17, 21, 31, 32, 33, 40, 48, 63, 64, 65]) {
      for (const n of [2, 3, 4, 5, 8, 9, 16, 31, 33, 64, 65, 100, 127, 130]) {
        expectSame(name, [n % 2 === 0 ? 1 : 2, n, inner], draws[name])
      }
    }
  })

  test.each(kernels)('%s, more rows than are taken at a time', name => {
    for (const inner of [2, 3, 10, 24, 60]) expectSame(name, [1, 4321, inner], draws[name])
  })

  test.each(isFloat ? kernels : [])('%s of what is not finite', name => {
    const rarely = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (const inner of [2, 3, 16, 37]) {
      for (const n of [20, 70, 300]) {
        const draw = () => (random.integer(n) === 0 ? rarely[random.integer(3)] : draws[name]())
        for (let i = 0; i < 5; i++) expectSame(name, [1, n, inner], draw)
      }
    }
  })
})
