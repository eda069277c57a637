// Matrix products of every small shape, as the addon's own kernels and OpenBLAS share them out: all remainders of the
// tiles, both kinds, all orders of the operands, sums over a batch, blocks of a larger output. Whole numbers multiply and
// add exactly, so that most results have to be the reference's to the bit.

import { describe, expect, test } from 'vitest'
import { loadNative } from '../../../lib/backend/load.js'
import { reference } from '../../../lib/backend/reference.js'
import { Layout } from '../../../lib/base/layout.js'
import { difference, exactly } from '../../backend/support/compare.js'

const referenceOnly = process.env.BLASGRAD_BACKEND === 'reference'

type Floats = Float32Array | Float64Array
type FloatsConstructor = Float32ArrayConstructor | Float64ArrayConstructor
type PaddingOf = (array: Uint8Array) => number
interface Shape {
  readonly m: number
  readonly n: number
  readonly k: number
  readonly batch?: number
  readonly outLayout?: Layout
}

const orders = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const

let state = 1
const next = (): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return state / 2 ** 32
}
const whole = (): number => Math.floor(next() * 9) - 4
const real = (): number => next() * 2 - 1

/** An array one element off the alignment that it was given, or at the beginning of a line, with values from `draw`. */
function drawn(Kind: FloatsConstructor, length: number, draw: () => number, paddingOf?: PaddingOf): Floats {
  const line = 64 / Kind.BYTES_PER_ELEMENT
  const buffer = new Kind(length + line)
  const from = paddingOf === undefined ? 1 : paddingOf(new Uint8Array(buffer.buffer)) / Kind.BYTES_PER_ELEMENT
  const array = buffer.subarray(from, from + length)
  for (let i = 0; i < length; i++) array[i] = draw()
  return array
}

describe.skipIf(referenceOnly)('small products', () => {
  const loaded = referenceOnly ? undefined : loadNative()

  /** What both backends make of a product, into arrays that are full of NaN; none is written beyond its end. */
  function both(
    { m, n, k, batch = 1, outLayout = Layout.full }: Shape,
    order: readonly boolean[],
    a: Floats,
    b: Floats,
  ) {
    const length = (outLayout === Layout.full ? batch : 1) * m * n
    return [loaded?.backend ?? reference, reference].map(backend => {
      const out =
        a.slice(0, 0).constructor === Float32Array ? new Float32Array(length + 1) : new Float64Array(length + 1)
      out.fill(Number.NaN, 0, length)
      out[length] = 7
      backend.matmul(
        order[0],
        order[1],
        m,
        n,
        k,
        batch,
        1,
        Layout.full,
        Layout.full,
        outLayout,
        a as never,
        b as never,
        out as never,
      )
      expect(out[length]).toBe(7)
      return out.subarray(0, length)
    })
  }

  function expectExact(shape: Shape, draw = whole, paddingOf?: PaddingOf): void {
    const { m, n, k, batch = 1 } = shape
    for (const Kind of [Float32Array, Float64Array]) {
      const a = drawn(Kind, batch * m * k, draw, paddingOf)
      const b = drawn(Kind, batch * k * n, draw, paddingOf)
      for (const order of orders) {
        const [actual, expected] = both(shape, order, a, b)
        const found = difference(actual, expected, expected.length, exactly)
        if (found !== undefined) expect.fail(`${Kind.name} ${m}×${n}×${k}, transposed ${order}: ${found}`)
      }
    }
  }

  test.each([1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 19, 25])('all remainders of columns and of k, %i rows', m => {
    for (const n of [1, 2, 3, 4, 5, 7, 8, 9, 10, 15, 16, 17, 24, 25, 33]) {
      for (const k of [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 70]) expectExact({ m, n, k })
    }
  })

  test.each([1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 16, 25])('the same where rows begin with lines, %i rows', m => {
    for (const n of [1, 2, 3, 4, 5, 7, 8, 9, 10, 15, 16, 17, 33]) {
      for (const k of [16, 32, 112, 400]) expectExact({ m, n, k }, whole, loaded?.paddingOf)
    }
  })

  test.each([
    [5, 6, 1000],
    [3, 40, 2100],
    [2, 700, 200],
    [300, 5, 390],
    [140, 33, 400],
    [17, 18, 385],
    [280, 20, 200],
    [1000, 18, 200],
    [1024, 18, 200],
    [64, 64, 64],
    [100, 100, 100],
  ])('more than is taken at a time: %i×%i×%i', (m, n, k) => expectExact({ m, n, k }))

  /** Expects the first rows of a product x·Wᵀ to have the same bits whether or not the others are there. */
  function expectSameRows(Kind: FloatsConstructor, rows: number, n: number, k: number, counts: readonly number[]) {
    const a = drawn(Kind, rows * k, real)
    const b = drawn(Kind, n * k, real)
    const [all] = both({ m: rows, n, k }, [false, true], a, b)
    for (const m of counts) {
      const [some] = both({ m, n, k }, [false, true], a.subarray(0, m * k), b)
      const found = difference(some, all, m * n, exactly)
      if (found !== undefined) expect.fail(`${Kind.name}, ${m} of ${rows} rows, ${n} columns of ${k}: ${found}`)
    }
  }

  test('of few columns a row is the same to the bit however many are beside it', () => {
    for (const [Kind, few] of [
      [Float32Array, 7],
      [Float64Array, 4],
    ] as const) {
      for (let n = 2; n <= few; n++) {
        // Below and beyond a vector's lanes, and where the best kernel depends on the number of rows.
        for (const k of [1, 3, 7, 8, 15, 16, 33, 40, 50, 64, 100, 1100]) {
          expectSameRows(Kind, 40, n, k, [2, 5, 16, 17, 23, 31, 39])
        }
      }
    }
  })

  // 2¹⁵ and 2²⁶ multiplications are the most of a small product on one instruction set or another.
  test.each([
    [700, 7, 64, [2, 70, 200, 699]],
    [20_000, 7, 500, [2, 1_000, 19_000]],
    [3_000, 4, 8, [2, 60, 2_999]],
  ])('nor does the size of the product change it: %i × %i × %i', (rows, n, k, counts) => {
    expectSameRows(Float32Array, rows, n, k, counts)
  })

  /** A copy that begins so many elements after a line does. */
  function movedBy(elements: number, array: Floats): Floats {
    const memory = drawn(Float32Array, elements + array.length, () => 0, loaded?.paddingOf)
    memory.set(array, elements)
    return memory.subarray(elements)
  }

  test('wherever rows begin, the bits are the same', () => {
    for (const [m, n, k] of [
      [26, 51, 112],
      [32, 64, 784],
      [70, 9, 400],
      [5, 130, 64],
    ] as const) {
      const shape = { m, n, k }
      const a = drawn(Float32Array, m * k, real, loaded?.paddingOf)
      const b = drawn(Float32Array, n * k, real, loaded?.paddingOf)
      const [inLines] = both(shape, [false, true], a, b)
      for (const [offA, offB] of [
        [1, 0],
        [0, 1],
        [3, 7],
      ]) {
        const [outOfLines] = both(shape, [false, true], movedBy(offA, a), movedBy(offB, b))
        const found = difference(outOfLines, inLines, m * n, exactly)
        if (found !== undefined) expect.fail(`${m}×${n}×${k}, ${offA} and ${offB} elements off: ${found}`)
      }
    }
  })

  test('sums over a batch, which are added to', () => {
    for (const [m, n, k] of [
      [4, 3, 9],
      [7, 10, 5],
      [13, 17, 20],
      [2, 2, 40],
      [30, 9, 64],
      [6, 1, 8],
      [1, 6, 8],
    ] as const) {
      expectExact({ m, n, k, batch: 3, outLayout: Layout.scalar })
      expectExact({ m, n, k, batch: 3 })
    }
  })

  test('what is not finite spreads as in any sum: nothing is skipped for a 0', () => {
    const rarely = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    const draw = () => (next() < 0.02 ? rarely[Math.floor(next() * 3)] : whole())
    for (const [m, n, k] of [
      [5, 7, 9],
      [9, 3, 33],
      [14, 20, 6],
      [3, 18, 40],
      [40, 10, 50],
      [2, 2, 100],
    ] as const) {
      for (let i = 0; i < 10; i++) expectExact({ m, n, k }, draw)
    }
    expectExact({ m: 6, n: 9, k: 12 }, () => (next() < 0.2 ? Number.POSITIVE_INFINITY : 0))
  })

  test('real numbers, to rounding', () => {
    for (const [m, n, k] of [
      [100, 16, 2],
      [32, 10, 128],
      [10, 128, 32],
      [32, 128, 784],
      [41, 103, 900],
      [7, 13, 31],
      [60, 60, 1030],
    ] as const) {
      for (const [Kind, relative] of [
        [Float32Array, 2e-7],
        [Float64Array, 4e-16],
      ] as const) {
        const a = drawn(Kind, m * k, real)
        const b = drawn(Kind, k * n, real)
        for (const order of orders) {
          const [actual] = both({ m, n, k }, order, a, b)
          const [, expected] = both({ m, n, k }, order, Float64Array.from(a), Float64Array.from(b))
          const found = difference(actual, expected, m * n, () => relative * k)
          expect(found, `${Kind.name} ${m}×${n}×${k}, transposed ${order}`).toBeUndefined()
        }
      }
    }
  })

  test('in parts by rows and by columns of the output', () => {
    if (loaded === undefined) return
    const { threads } = loaded.info()
    try {
      for (const [m, n, k] of [
        [70, 90, 65],
        [90, 70, 65],
        [32, 133, 100],
        [133, 10, 130],
        [20, 200, 50],
      ] as const) {
        for (const count of [2, 3, 1]) {
          loaded.setThreads(count)
          expectExact({ m, n, k })
        }
      }
    } finally {
      loaded.setThreads(threads)
    }
  })
})
