// Reductions over rows, which the addon unrolls by rows and splits into panels of columns, or, of few columns, runs over
// several rows as one: all tails of each, every element type. The values make every order of operations exact.

import { describe, expect, test } from 'vitest'
import { loadNative } from '../../../lib/backend/load.js'
import { reference } from '../../../lib/backend/reference.js'
import type { KernelName } from '../../../lib/backend/table.js'
import { difference, exactly } from '../../backend/support/compare.js'
import { Random } from '../../support/random.js'

const referenceOnly = process.env.BLASGRAD_BACKEND === 'reference'
const reductions = ['sum', 'prod', 'max', 'min'] as const
const floats = [Float32Array, Float64Array] as const
const kinds = [...floats, Int32Array, Uint8Array] as const
type Kind = (typeof kinds)[number]
const notFinite = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]

const loaded = referenceOnly ? undefined : loadNative()
const random = new Random(3)
const whole = (): number => random.integer(9) - 4
const oneOf = (values: readonly number[]) => (): number => values[random.integer(values.length)]

/** An array that begins one element after an aligned address. */
function drawn(Kind: Kind, length: number, draw: () => number): InstanceType<Kind> {
  const array = new Kind(length + 1).subarray(1)
  for (let i = 0; i < length; i++) array[i] = draw()
  return array as InstanceType<Kind>
}

/** Both backends answer the same, into arrays whose end is not written over. */
function expectSame(
  name: KernelName,
  Out: Kind | typeof Int32Array,
  length: number,
  ...args: readonly unknown[]
): void {
  const [actual, expected] = [loaded?.backend ?? reference, reference].map(backend => {
    const out = new Out(length + 1).fill(7)
    ;(backend[name] as (...args: readonly unknown[]) => void)(...args, out.subarray(0, length))
    expect(out[length]).toBe(7)
    return out
  })
  const found = difference(actual, expected, expected.length, exactly)
  if (found !== undefined) expect.fail(`${name} ${args.filter(arg => typeof arg === 'number').join('×')}: ${found}`)
}

describe.skipIf(referenceOnly).each(kinds)('%o', Kind => {
  const isFloat = Kind === Float32Array || Kind === Float64Array
  const draws = {
    sum: whole,
    prod: oneOf([-1, 1, 1, 1, 1, 2, ...(isFloat ? [0.5] : [])]),
    max: () => random.integer(2000) - 1000,
    min: () => random.integer(2000) - 1000,
  }

  function expectSameReduction(name: (typeof reductions)[number], shape: readonly number[], draw = draws[name]): void {
    const [outer, n, inner] = shape
    expectSame(name, Kind, outer * inner, ...shape, drawn(Kind, outer * n * inner, draw))
  }

  test.each(reductions)('%s down few columns, all tails', name => {
    for (const inner of [2, 3, 4, 5, 7, 8, 9, 10, 13, 15, 16, 17, 21, 31, 32, 33, 40, 48, 63, 64, 65]) {
      for (const n of [2, 3, 4, 5, 8, 9, 16, 31, 33, 64, 65, 100, 127, 130]) {
        expectSameReduction(name, [n % 2 === 0 ? 1 : 2, n, inner])
      }
    }
  })

  test.each(reductions)('%s, more rows and columns than a panel has', name => {
    for (const inner of [2, 3, 10, 24, 60]) expectSameReduction(name, [1, 4321, inner])
    for (const inner of [70, 2047, 2100]) for (const n of [2, 5, 33, 70]) expectSameReduction(name, [1, n, inner])
  })

  test.each(reductions)('%s, columns partitioned among threads', name => {
    const { threads } = loaded?.info() ?? { threads: 1 }
    loaded?.setThreads(2)
    try {
      for (const inner of [60, 100, 200, 256, 1000]) expectSameReduction(name, [1, 6000, inner])
    } finally {
      loaded?.setThreads(threads)
    }
  })

  test.each(isFloat ? reductions : [])('%s of what is not finite', name => {
    for (const inner of [2, 3, 16, 37, 200]) {
      for (const n of [20, 70, 300]) {
        const draw = () => (random.integer(n) === 0 ? oneOf(notFinite)() : draws[name]())
        for (let i = 0; i < 5; i++) expectSameReduction(name, [1, n, inner], draw)
      }
    }
  })

  test.each(['argmax', 'argmin'] as const)('%s', name => {
    for (const inner of [2, 3, 17, 65, 2100]) {
      for (const n of [2, 3, 4, 5, 6, 9, 33]) {
        const draw = () => (isFloat && random.integer(30) === 0 ? oneOf(notFinite)() : whole())
        expectSame(name, Int32Array, inner, 1, n, inner, drawn(Kind, n * inner, draw))
      }
    }
  })
})

describe.skipIf(referenceOnly).each(floats)('%o', Kind => {
  test('the gradient of a product, of more rows and columns than a panel has', () => {
    for (const [n, inner] of [
      [5, 3],
      [25_000, 3],
      [2_000, 40],
      [40, 2_500],
      [21, 4_200],
    ]) {
      for (const values of [
        [...Array<number>(Math.ceil(n / 8)).fill(1), -1, 2, 0.5],
        [...Array<number>(n).fill(1), -1, 2, 0],
      ]) {
        const g = drawn(Kind, inner, whole)
        expectSame('prodBackward', Kind, n * inner, 1, n, inner, g, drawn(Kind, n * inner, oneOf(values)))
      }
    }
  })

  test.each(['layerNormWeightBackward', 'rmsNormWeightBackward'] as const)('%s', name => {
    for (const rows of [1, 3, 4, 31, 33, 70]) {
      for (const n of [1, 7, 17, 130, 1030, 2051]) {
        const [g, a] = [drawn(Kind, rows * n, whole), drawn(Kind, rows * n, whole)]
        const rstd = drawn(Kind, rows, oneOf([0.5, 1, 2]))
        const each = name === 'rmsNormWeightBackward' ? [rstd] : [drawn(Kind, rows, whole), rstd]
        expectSame(name, Kind, n, rows, n, g, a, ...each)
      }
    }
  })
})
