// Softmax, log-softmax and log-sum-exp down columns that exceed the caches, in several panels: they give the reference's
// values for some of the columns, infinities and NaN included, and the same bits with any number of threads.

import { afterAll, describe, expect, test } from 'vitest'
import { loadNative } from '../../../lib/backend/load.js'
import { reference } from '../../../lib/backend/reference.js'
import { difference } from '../../backend/support/compare.js'
import { Random } from '../../support/random.js'

const referenceOnly = process.env.BLASGRAD_BACKEND === 'reference'
/** Together more than 32 MiB, and more columns than a panel has. */
const [n, inner] = [2100, 4097]
/** The distance of the columns that are compared with the reference. */
const apart = 128

function columns(): Float32Array<ArrayBuffer> {
  const random = new Random(5)
  const a = Float32Array.from({ length: n * inner }, () => random.between(-9, 9))
  const put = (column: number, value: (row: number) => number): void => {
    for (let row = 0; row < n; row++) a[row * inner + column * apart] = value(row)
  }
  put(1, row => (row < 700 ? Number.NEGATIVE_INFINITY : random.between(-1, 1)))
  put(2, () => Number.NEGATIVE_INFINITY)
  put(3, row => (row === 900 ? Number.POSITIVE_INFINITY : 3))
  put(4, row => (row === 1200 ? Number.NaN : 3))
  put(5, row => row / 10)
  put(6, row => -row / 10)
  put(7, row => (row === 50 ? Number.POSITIVE_INFINITY : row === 60 ? Number.NaN : 1))
  put(8, row => (row === n - 1 ? 200 : -200))
  return a
}

describe.skipIf(referenceOnly)('columns that exceed the caches', () => {
  const native = referenceOnly ? undefined : loadNative()
  const before = native?.info().threads ?? 1
  afterAll(() => native?.setThreads(before))
  const a = referenceOnly ? new Float32Array() : columns()
  const chosen = Math.ceil(inner / apart)
  const some = (rows: number, of: Float32Array): Float32Array<ArrayBuffer> =>
    Float32Array.from({ length: rows * chosen }, (_, i) => of[Math.floor(i / chosen) * inner + (i % chosen) * apart])

  test.each(['softmax', 'logSoftmax', 'logsumexp'] as const)('%s', name => {
    const rows = name === 'logsumexp' ? 1 : n
    const by = (threads: number): Float32Array => {
      native?.setThreads(threads)
      const out = new Float32Array(rows * inner)
      native?.backend[name](1, n, inner, a, out)
      return out
    }
    const [one, two] = [by(1), by(2)]
    expect(Buffer.from(one.buffer).equals(Buffer.from(two.buffer))).toBe(true)
    const expected = new Float32Array(rows * chosen)
    reference[name](1, n, chosen, some(n, a), expected)
    const found = difference(some(rows, one), expected, expected.length, value => 1e-5 * (1 + Math.abs(value)))
    expect(found).toBeUndefined()
  })
})
