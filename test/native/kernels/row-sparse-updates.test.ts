// Row-sparse updates, which take the rows of a scattered gradient: on every backend they give the bits of the dense update
// with the gradient scattered into zeros, over many steps.

import { describe, expect, test } from 'vitest'
import { loadNative } from '../../../lib/backend/load.js'
import { reference } from '../../../lib/backend/reference.js'
import { arrayOf, bytesOf, type NumberArray } from '../../../lib/base/dtype.js'
import { backendsUnderTest } from '../../support/backends.js'
import { Random } from '../../support/random.js'

const adamSettings = {
  'no decay': [1e-2, 0.9, 0.999, 1e-8, 0, 0],
  decay: [1e-2, 0.9, 0.999, 1e-8, 0.1, 0],
  'decoupled decay': [1e-2, 0.9, 0.999, 1e-8, 0.1, 1],
  'no eps': [1e-2, 0.9, 0.999, 0, 0, 0],
}
const sgdSettings = { plain: [0.1, 0, 0, 0], decay: [0.1, 0, 0.1, 0], nesterov: [0.1, 0.9, 0, 1] }

/** Ids of a step: repeats, both ends, some steps without any. */
const idsOf = (random: Random, n: number, step: number): Int32Array =>
  step % 5 === 4
    ? new Int32Array(0)
    : Int32Array.of(0, n - 1, 0, ...Array.from({ length: 9 }, () => random.integer(n)), n - 1)

describe.each(backendsUnderTest)('on %s', name => {
  const backend = name === 'native' ? loadNative().backend : reference

  describe.each(['float32', 'float64'] as const)('%s', dtype => {
    const filled = (length: number, value: () => number): NumberArray =>
      new (arrayOf(dtype))(new ArrayBuffer(length * bytesOf(dtype))).map(value)

    /** Twenty row-sparse and dense steps of a table [n, inner] with `kept` arrays of state. */
    function both(n: number, inner: number, kept: number, update: (rows: boolean, step: number, g: Gradient) => void) {
      const random = new Random(n + inner)
      const start = [filled(n * inner, () => random.normal())]
      for (let i = 0; i < kept; i++) start.push(filled(n * inner, () => 0))
      const [whole, byRows] = [start.map(array => array.slice()), start]
      for (let step = 1; step <= 20; step++) {
        const ids = idsOf(random, n, step)
        const count = ids.length
        const g = filled(count * inner, () => random.normal())
        const [first, next] = [new Int32Array(n).fill(7), new Int32Array(count).fill(7)]
        expect(backend.rowLists(n, count, ids, first, next)).toBe(-1)
        update(true, step, { n, inner, count, g, first, next, arrays: byRows })
        const scattered = filled(n * inner, () => 7)
        backend.takeBackward(1, n, inner, count, g, ids, scattered)
        update(false, step, { n, inner, count, g: scattered, first, next, arrays: whole })
        expect(byRows).toEqual(whole)
      }
    }

    test.each(Object.entries(adamSettings))('Adam, %s', (_, settings) => {
      for (const [n, inner] of [
        [40, 1],
        [40, 7],
        [300, 32],
      ]) {
        both(n, inner, 2, (rows, step, { count, g, first, next, arrays: [param, m, v] }) => {
          const hyper = Float64Array.from(settings)
          const t = Float64Array.of(step)
          if (rows) backend.adamRows(n, inner, count, hyper, t, g, first, next, param, m, v)
          else backend.adam(n * inner, hyper, t, g, param, m, v)
        })
      }
    })

    test.each(Object.entries(sgdSettings))('SGD, %s', (_, settings) => {
      for (const [n, inner] of [
        [40, 1],
        [40, 7],
        [300, 32],
      ]) {
        both(n, inner, settings[1] === 0 ? 0 : 1, (rows, _, { count, g, first, next, arrays: [param, velocity] }) => {
          const hyper = Float64Array.from(settings)
          const kept = velocity ?? filled(0, () => 0)
          if (rows) backend.sgdRows(n, inner, count, hyper, g, first, next, param, kept)
          else backend.sgd(n * inner, hyper, g, param, kept)
        })
      }
    })
  })

  // Where β₁ > √β₂ or eps is tiny, a first moment without a second matters: no element is skipped.
  test.each([
    [true, [1e-2, 0.9, 0.999, 1e-8, 0, 0]],
    [false, [1e-2, 0.9, 0.5, 1e-8, 0, 0]],
    [false, [1e-2, 0.9, 0.999, 1e-15, 0, 0]],
  ])('without a gradient an element is skipped where its second moment is 0: %s with %j', (canRest, settings) => {
    const [n, inner] = [70, 9]
    const hyper = Float64Array.from(settings)
    const random = new Random(5)
    const v = Float32Array.from({ length: n * inner }, () => (random.integer(3) === 0 ? 0.5 : 0))
    // Blocks in which all elements are skipped, and one in which all but one are.
    v.fill(0, 0, 150)
    v.fill(0, 300, 500)
    v[410] = 0.5
    const m = v.map(() => random.normal())
    const param = v.map(() => random.normal())
    const was = [param, m, v].map(array => array.slice())
    const moved = was.map(array => array.slice())
    const ids = Int32Array.of(33, 2, 33)
    const g = Float32Array.from({ length: ids.length * inner }, () => random.normal())
    const [first, next] = [new Int32Array(n), new Int32Array(ids.length)]
    backend.rowLists(n, ids.length, ids, first, next)
    backend.adamRows(n, inner, ids.length, hyper, Float64Array.of(3), g, first, next, param, m, v)
    const scattered = new Float32Array(n * inner)
    backend.takeBackward(1, n, inner, ids.length, g, ids, scattered)
    backend.adam(n * inner, hyper, Float64Array.of(3), scattered, moved[0], moved[1], moved[2])
    for (let i = 0; i < n * inner; i++) {
      const rests = canRest && was[2][i] === 0 && !ids.includes(Math.floor(i / inner))
      const expected = (rests ? was : moved).map(array => array[i])
      expect([param[i], m[i], v[i]]).toEqual(expected)
    }
  })

  test('the lists hold the positions of each row in order', () => {
    const [first, next] = [new Int32Array(4), new Int32Array(5)]
    expect(backend.rowLists(4, 5, Int32Array.of(3, 0, 3, 3, 0), first, next)).toBe(-1)
    expect([...first]).toEqual([1, -1, -1, 0])
    expect([...next]).toEqual([2, 4, 3, -1, -1])
  })

  test('positions that lead nowhere, or back, end a list', () => {
    const param = new Float32Array(3)
    const hyper = Float64Array.of(1, 0, 0, 0)
    const [first, next] = [Int32Array.of(0, 9, -5), Int32Array.of(1, 0)]
    backend.sgdRows(3, 1, 2, hyper, Float32Array.of(1, 2), first, next, param, new Float32Array(0))
    expect([...param]).toEqual([-3, 0, 0])
  })
})

interface Gradient {
  readonly n: number
  readonly inner: number
  readonly count: number
  readonly g: NumberArray
  readonly first: Int32Array
  readonly next: Int32Array
  readonly arrays: readonly NumberArray[]
}
