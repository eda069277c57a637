// The reference backend against numbers from elsewhere: kernels.json and elementwise.json in test/fixtures, written by the
// scripts beside them with NumPy, PyTorch and mpmath, and a few worked by hand for what those do otherwise or not at all.

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { normalCdf } from '../../lib/backend/reference/special.js'
import { reference } from '../../lib/backend/reference.js'
import { type NumberArray, parseSignature } from '../../lib/backend/signature.js'
import { type KernelName, kernelNames, kernelRow } from '../../lib/backend/table.js'
import { difference, magnitude } from './support/compare.js'

type Numbers = readonly (number | string)[]
type Value = number | boolean | Readonly<Record<string, Numbers | number>>
interface Entry {
  readonly kernel: KernelName
  readonly title: string
  readonly args: readonly Value[]
  readonly outputs: readonly Numbers[]
}

const entries = ['kernels.json', 'elementwise.json'].flatMap(
  name => JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8')) as Entry[],
)
const kinds = { float32: Float32Array, float64: Float64Array } as const
const named: Readonly<Record<string, number>> = { nan: Number.NaN, inf: Infinity, '-inf': -Infinity }
const toNumbers = (values: Numbers): number[] => values.map(value => (typeof value === 'string' ? named[value] : value))

/** An argument made from its JSON form; outputs are filled with a value that no result has. */
function argumentOf(value: Value, T: typeof Float32Array | typeof Float64Array): unknown {
  if (typeof value !== 'object') return value
  const [[key, content]] = Object.entries(value)
  if (typeof content === 'number') {
    return (
      key === 'outInt32' ? new Int32Array(content) : key === 'outBool' ? new Uint8Array(content) : new T(content)
    ).fill(123)
  }
  const numbers = toNumbers(content)
  if (key === 'int32') return Int32Array.from(numbers)
  if (key === 'float64') return Float64Array.from(numbers)
  return key === 'bool' ? Uint8Array.from(numbers) : T.from(numbers)
}

describe.each(['float32', 'float64'] as const)('%s', kind => {
  test.each(entries.map(entry => [`${entry.kernel} ${entry.title}`, entry] as const))('%s', (_, entry) => {
    const { args } = parseSignature(kernelRow(entry.kernel).signature)
    const call = entry.args.map(value => argumentOf(value, kinds[kind]))
    const method = reference[entry.kernel] as (...args: readonly unknown[]) => unknown
    expect([undefined, -1]).toContain(method(...call))
    const written = args.flatMap(({ role }, i) => (role === 'out' || role === 'inout' ? [call[i] as NumberArray] : []))
    expect(written.length).toBe(entry.outputs.length)
    for (const [i, array] of written.entries()) {
      const expected = Float64Array.from(toNumbers(entry.outputs[i]))
      expect(array.length).toBe(expected.length)
      const scale = magnitude(expected, expected.length)
      // Float32 inputs are rounded, which a result may magnify; no result here does so more than a few times.
      const allowed = (x: number) => (kind === 'float64' ? 1e-15 : 3e-7) * (8 * Math.abs(x) + scale)
      expect(
        difference(
          array.map(x => x + 0),
          expected.map(x => x + 0),
          expected.length,
          allowed,
        ),
      ).toBe(undefined)
    }
  })
})

test('every kernel with numbers of its own is in the fixture', () => {
  const elsewhere = [
    'copy',
    'cast',
    'stridedWrite',
    'uniform',
    'normal',
    'dropoutMask',
    'rowLists',
    // Row-sparse updates equal dense ones: test/native/kernels/row-sparse-updates.test.ts.
    ...kernelNames.map(name => kernelRow(name).rowSparse).filter(name => name !== undefined),
  ]
  const present = new Set(entries.map(entry => entry.kernel))
  expect(kernelNames.filter(name => !present.has(name)).sort()).toEqual(elsewhere.sort())
})

test('the normal distribution function is right to a few units in the last place, in the far tail too', () => {
  const known = [
    [-37, 5.725571222524577e-300],
    [-20, 2.7536241186062337e-89],
    [-8.3, 5.205569744890254e-17],
    [-3, 0.0013498980316300946],
    [-0.1, 0.460172162722971],
    [0.5, 0.6914624612740131],
    [8, 0.9999999999999993],
  ]
  for (const [x, expected] of known) expect(Math.abs(normalCdf(x) / expected - 1)).toBeLessThan(2e-15)
  expect([normalCdf(-Infinity), normalCdf(-50), normalCdf(0), normalCdf(Infinity)]).toEqual([0, 0, 0.5, 1])
  expect(normalCdf(Number.NaN)).toBeNaN()
})

describe('integers', () => {
  const run = (name: 'add' | 'sub' | 'mul' | 'maximum', a: NumberArray, b: NumberArray): number[] => {
    const out = a.slice()
    reference[name](1, a.length, 0, 0, a, b, out)
    return [...out]
  }
  test('int32 wraps', () => {
    const a = Int32Array.of(2147483647, -2147483648, 123456789)
    expect(run('add', a, Int32Array.of(1, -1, 1))).toEqual([-2147483648, 2147483647, 123456790])
    expect(run('mul', a, Int32Array.of(2, -1, 987654321))).toEqual([
      -2,
      -2147483648,
      Number(BigInt.asIntN(32, 123456789n * 987654321n)),
    ])
    const out = new Int32Array(1)
    reference.sum(1, 3, 1, Int32Array.of(2147483647, 2147483647, 5), out)
    expect(out[0]).toBe(3)
    reference.prod(1, 3, 1, Int32Array.of(65536, 65537, 3), out)
    expect(out[0]).toBe(Number(BigInt.asIntN(32, 65536n * 65537n * 3n)))
  })
  test('uint8 wraps', () => {
    expect(run('add', Uint8Array.of(250), Uint8Array.of(10))).toEqual([4])
    expect(run('sub', Uint8Array.of(3), Uint8Array.of(10))).toEqual([249])
    expect(run('mul', Uint8Array.of(20), Uint8Array.of(20))).toEqual([144])
  })
})

describe('cast', () => {
  const cast = (to: NumberArray, ...from: number[]): number[] => {
    reference.cast(from.length, false, Float64Array.from(from), to)
    return [...to]
  }
  test('truncates and saturates', () => {
    const from = [1.9, -1.9, 3e9, -3e9, Infinity, -Infinity, Number.NaN, 255.9, 256]
    const wide = [1, -1, 2147483647, -2147483648, 2147483647, -2147483648, 0, 255, 256]
    expect(cast(new Int32Array(9), ...from)).toEqual(wide)
    expect(cast(new Uint8Array(9), ...from)).toEqual([1, 0, 255, 0, 255, 0, 0, 255, 255])
  })
  test('to bool is "not zero"', () => {
    const out = new Uint8Array(5)
    reference.cast(5, true, Float32Array.of(0, -0, 0.1, Number.NaN, -3), out)
    expect([...out]).toEqual([0, 0, 1, 1, 1])
  })
})

test('a product of more than one block equals the plain triple loop', () => {
  const [m, n, k] = [67, 133, 517]
  const a = Float64Array.from({ length: m * k }, (_, i) => ((i * 7919) % 17) - 8)
  const b = Float64Array.from({ length: k * n }, (_, i) => ((i * 104729) % 13) - 6)
  const out = new Float64Array(m * n)
  reference.matmul(false, false, m, n, k, 1, 1, 0, 0, 0, a, b, out)
  const plain = out.map((_, at) => {
    let sum = 0
    for (let p = 0; p < k; p++) sum += a[Math.floor(at / n) * k + p] * b[p * n + (at % n)]
    return sum
  })
  expect(out).toEqual(plain)
})

test('stridedWrite is the inverse of stridedRead and leaves the rest', () => {
  const dims = Int32Array.of(2, 1, 3, 4)
  const out = new Float32Array(12).fill(-1)
  reference.stridedWrite(2, dims, Float32Array.of(1, 2, 3, 4, 5, 6), out)
  expect([...out]).toEqual([-1, -1, 1, 4, -1, -1, 2, 5, -1, -1, 3, 6])
  const back = new Float32Array(6)
  reference.stridedRead(2, dims, out, back)
  expect([...back]).toEqual([1, 2, 3, 4, 5, 6])
})

test('an optimizer flushes what would be denormal', () => {
  const velocity = Float32Array.of(1.2e-38, -1.2e-38)
  const param = Float32Array.of(1.2e-38, 0)
  reference.sgd(2, Float64Array.of(0.5, 0.5, 0, 0), Float32Array.of(0, 0), param, velocity)
  expect([...velocity, ...param].map(Math.abs)).toEqual([0, 0, 0, 0])
})
