// Attention on sizes about the borders of its blocks: lanes without a query, squares of queries and their own keys, groups
// of queries, tiles of keys, panels of columns. The native backend against the reference, into arrays full of NaN.

import { describe, expect, test } from 'vitest'
import { loadNative } from '../../../lib/backend/load.js'
import { reference } from '../../../lib/backend/reference.js'
import type { Backend } from '../../../lib/backend/table.js'
import { difference } from '../../backend/support/compare.js'
import { Random } from '../../support/random.js'

const referenceOnly = process.env.BLASGRAD_BACKEND === 'reference'

interface Case {
  readonly n: number
  readonly m: number
  readonly width: number
  readonly maskRows: number
  readonly biasRows: number
  readonly causal: boolean
}

const samples = 2
const heads = 2
const lengths = [1, 2, 3, 4, 7, 8, 9, 12, 15, 16, 17, 23, 24, 25, 32, 33, 51, 64, 77, 95, 96, 97, 129, 140, 200]
const widths = [1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 24, 26, 32, 33, 38, 50, 64]

/** Each length in turn as queries and as keys, with widths and masks that go around. */
function* casesOf(random: Random): Generator<Case> {
  const one = (list: readonly number[]): number => list[random.integer(list.length)]
  for (const n of lengths) {
    for (const causal of [true, false]) {
      const rows = [0, 1, n, heads * n, 5]
      yield { n, m: n, width: one(widths), maskRows: one(rows), biasRows: one(rows), causal }
      yield { n, m: one(lengths), width: one(widths), maskRows: one(rows), biasRows: one(rows), causal }
      yield { n: one(lengths), m: n, width: one(widths), maskRows: one(rows), biasRows: 0, causal }
    }
  }
  for (const causal of [true, false]) yield { n: 20, m: 30, width: 800, maskRows: 0, biasRows: 20, causal }
}

describe.skipIf(referenceOnly).each([Float32Array, Float64Array])('%o', Kind => {
  const native = referenceOnly ? reference : loadNative().backend
  const relative = Kind === Float32Array ? 1e-5 : 1e-12

  /** `length` numbers, one element off the alignment that arrays have. */
  const drawn = (length: number, draw: () => number): Float32Array | Float64Array =>
    new Kind(length + 1).fill(0).map(draw).subarray(1)

  function expectSame(label: string, expected: Float32Array | Float64Array, actual: Float32Array | Float64Array) {
    const scale = Math.max(1, ...expected.filter(Number.isFinite).map(Math.abs))
    const found = difference(actual, expected, expected.length, () => relative * scale)
    if (found !== undefined) expect.fail(`${label}: ${found}`)
  }

  test('attention and its gradients', () => {
    const random = new Random(7)
    const real = (): number => random.between(-1, 1)
    for (const { n, m, width, maskRows, biasRows, causal } of casesOf(random)) {
      const batch = samples * heads
      const [q, k, v, g] = [n, m, m, n].map(rows => drawn(batch * rows * width, real))
      // Some keys are left out, and query 0 of some samples reads none.
      const mask = drawn(samples * maskRows * m, () => (random.integer(9) === 0 ? Number.NEGATIVE_INFINITY : real()))
      if (random.integer(4) === 0) mask.fill(Number.NEGATIVE_INFINITY, 0, m)
      const bias = drawn(biasRows * m, real)
      const sizes = [samples, heads, n, m, width, maskRows, biasRows, causal, 1 / Math.sqrt(width)] as const
      const forward = (backend: Backend) => {
        const out = drawn(batch * n * width, () => Number.NaN)
        const lse = drawn(batch * n, () => Number.NaN)
        backend.attention(...sizes, q, k, v, mask, bias, out, lse)
        return { out, lse }
      }
      const { out, lse } = forward(reference)
      const backward = (backend: Backend) => {
        const [dq, dk, dv] = [q, k, v].map(({ length }) => drawn(length, () => Number.NaN))
        backend.attentionBackward(...sizes, q, k, v, mask, bias, g, out, lse, dq, dk, dv)
        return { dq, dk, dv }
      }
      const label = JSON.stringify({ n, m, width, maskRows, biasRows, causal })
      const results = { ...forward(native), ...backward(native) }
      for (const [name, expected] of Object.entries({ out, lse, ...backward(reference) })) {
        expectSame(`${label}: ${name}`, expected, results[name as keyof typeof results])
      }
    }
  })

  test('packed, the same', () => {
    const random = new Random(8)
    const real = (): number => random.between(-1, 1)
    for (const n of lengths) {
      const width = widths[random.integer(widths.length)]
      const sizes = [samples, heads, n, width, 1, n, true, 0.3] as const
      const [qkv, g] = [3, 1].map(parts => drawn(samples * n * parts * heads * width, real))
      const mask = drawn(samples * n, real)
      const bias = drawn(n * n, real)
      const results = [reference, native].map(backend => {
        const out = drawn(g.length, () => Number.NaN)
        const lse = drawn(samples * heads * n, () => Number.NaN)
        const dqkv = drawn(qkv.length, () => Number.NaN)
        backend.packedAttention(...sizes, qkv, mask, bias, out, lse)
        backend.packedAttentionBackward(...sizes, qkv, mask, bias, g, out, lse, dqkv)
        return { out, lse, dqkv }
      })
      for (const name of ['out', 'lse', 'dqkv'] as const) {
        expectSame(`${n}×${width}: ${name}`, results[0][name], results[1][name])
      }
    }
  })
})
