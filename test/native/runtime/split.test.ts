// Kernels on arrays large enough that threads share the work: every kernel of the table, in every element type and by
// several numbers of threads, gives what one thread gives. Which kernels are shared is nowhere listed.

import { afterAll, describe, expect, test } from 'vitest'
import { lengthsOf } from '../../../lib/backend/lengths.js'
import { loadNative } from '../../../lib/backend/load.js'
import { parseSignature } from '../../../lib/backend/signature.js'
import { type KernelName, kernelNames, kernelRow } from '../../../lib/backend/table.js'
import type { NumberArray } from '../../../lib/base/dtype.js'
import { arrayKinds, type Kind, kindsFor } from '../../backend/support/calls.js'
import { Random } from '../../support/random.js'

const referenceOnly = process.env.BLASGRAD_BACKEND === 'reference'
const isArray = (role: string): boolean => role === 'in' || role === 'out' || role === 'inout'

/** Sizes of one call, by the argument's name; what is not named here has `other`. */
interface Shape {
  readonly [name: string]: number | boolean | Int32Array
}

/** Large calls of a kernel: one with short rows, one with long ones, and where it has them layouts and outer axes. */
function shapesOf(name: KernelName): readonly Shape[] {
  const { args } = parseSignature(kernelRow(name).signature)
  if (kernelRow(name).class === 'elementwise') {
    const layouts = args.flatMap(({ role, name: layout }) => (role === 'layout' ? [layout] : []))
    const pattern = (first: number): Shape => Object.fromEntries(layouts.map((layout, i) => [layout, (first * i) % 4]))
    return [
      { ...pattern(0), rows: 1, cols: 70_001 },
      { ...pattern(1), rows: 30_011, cols: 3 },
      { ...pattern(3), rows: 101, cols: 907 },
      { ...pattern(2), rows: 2, cols: 50_000 },
      { ...pattern(1), rows: 70, cols: 100, outer: Int32Array.of(13, ...layouts.map(() => 50)) },
    ]
  }
  if (kernelRow(name).class === 'product') {
    const batch = { rows: 1, cols: 1, aLayout: 0, bLayout: 0, outLayout: 0, transposeA: false, transposeB: true }
    return [
      { ...batch, m: 32, n: 128, k: 784 },
      { ...batch, m: 300, n: 10, k: 90 },
      { ...batch, m: 1, n: 1000, k: 300 },
      { ...batch, m: 1000, n: 1, k: 300, transposeB: false },
      { ...batch, m: 128, n: 200, k: 33, transposeA: true, transposeB: false },
      { ...batch, m: 3, n: 5, k: 4000, transposeA: true },
      { ...batch, m: 20, n: 20, k: 20, rows: 3, cols: 11 },
      { ...batch, m: 20, n: 20, k: 20, rows: 9, cols: 7, outLayout: 2 },
      { ...batch, m: 20, n: 20, k: 20, rows: 9, cols: 7, outLayout: 3, bLayout: 2 },
      { ...batch, m: 60, n: 50, k: 20, rows: 9, cols: 7, outLayout: 1, aLayout: 3 },
    ]
  }
  const long = { n: 300_007, at: 1, dims: Int32Array.of(400, 301, 300, 1) }
  const isFlat = args.every(({ role, name: size }) => role !== 'size' || size === 'n' || size === 'at')
  if (isFlat) return [long]
  if (args.some(({ role, name: size }) => role === 'size' && !(size in lines[0]))) return blocks
  return lines
}

const lines: readonly Shape[] = [
  { outer: 5003, rows: 5003, n: 7, inner: 3, count: 4 },
  { outer: 37, rows: 37, n: 3001, inner: 1, count: 2000 },
  { outer: 1, rows: 1, n: 300, inner: 600, count: 300 },
]

const plane = { height: 21, width: 20, outHeight: 19, outWidth: 20, kernelHeight: 3, kernelWidth: 2 }
const image = { ...plane, groups: 2, c: 3, o: 8, columns: 19, window: Int32Array.of(2, 2, 1, 1, 1, 1) }
const sequences = { batch: 1001, steps: 2, hidden: 12 }
/** Images, their planes, and sequences under several heads. */
const blocks: readonly Shape[] = [
  {
    ...image,
    ...sequences,
    n: 33,
    chunks: 17,
    each: 2,
    planes: 601,
    samples: 7,
    heads: 3,
    m: 70,
    maskRows: 1,
    biasRows: 33,
  },
  {
    ...image,
    ...sequences,
    n: 5,
    chunks: 3,
    each: 9,
    planes: 61,
    samples: 1,
    heads: 9,
    m: 900,
    maskRows: 5,
    biasRows: 45,
  },
]

function fill(array: NumberArray, name: string, element: string, bound: number, random: Random): void {
  const hyper = [0.1, 0.9, 0.5, 1e-8, 0.01, 1]
  for (let i = 0; i < array.length; i++) {
    if (element === 'float64') array[i] = name === 'step' ? 3 : hyper[i]
    else if (element === 'int32') array[i] = random.integer(bound)
    else
      array[i] = array instanceof Uint8Array || array instanceof Int32Array ? random.integer(5) : random.between(-2, 2)
  }
}

/** What is passed where a shape says nothing. */
const parameters: { readonly [role: string]: unknown } = { flag: true, scalar: 0.5 }

const bytesOf = ({ buffer, byteOffset, byteLength }: NumberArray): Buffer => Buffer.from(buffer, byteOffset, byteLength)

describe.skipIf(referenceOnly)('shared among threads', () => {
  const native = referenceOnly ? undefined : loadNative()
  const before = native?.info().threads ?? 1
  afterAll(() => {
    native?.setThreads(before)
  })

  test.each(kernelNames)('%s', name => {
    const run = native?.backend[name] as (...args: readonly unknown[]) => unknown
    const row = kernelRow(name)
    const { args } = parseSignature(row.signature)
    const random = new Random(3)
    for (const kind of kindsFor(name)) {
      for (const shape of shapesOf(name)) {
        const call: unknown[] = args.map(({ name: argument, role }) =>
          isArray(role) ? { length: 1 } : (shape[argument] ?? parameters[role]),
        )
        const lengths = lengthsOf(name, call)
        let at = 0
        const outs: number[] = []
        for (const [i, { role, element, name: argument }] of args.entries()) {
          if (!isArray(role)) continue
          const own: Kind = element === 'T' || element === 'any' ? kind : element === 'bool' ? 'uint8' : element
          const array: NumberArray = new arrayKinds[own](lengths[at++])
          if (role !== 'out') fill(array, argument, element, Number(shape.n), random)
          if (role !== 'in') outs.push(i)
          call[i] = array
        }
        const by = (threads: number): NumberArray[] => {
          native?.setThreads(threads)
          const copy = call.map((value, i) => (outs.includes(i) ? (value as NumberArray).slice() : value))
          const result = run(...copy)
          if (row.signature.endsWith('-> index')) expect(result).toBe(-1)
          return outs.map(i => copy[i] as NumberArray)
        }
        const expected = by(1)
        for (const threads of [2, 3, 5]) {
          const shared = by(threads)
          const again = by(threads)
          expect(shared.every((array, i) => bytesOf(array).equals(bytesOf(again[i])))).toBe(true)
          for (const [i, array] of shared.entries()) {
            if (bytesOf(array).equals(bytesOf(expected[i]))) continue
            const most = row.class === 'product' ? 1e-3 : 0
            const off = array.findIndex(
              (x, j) => !(Math.abs(x - expected[i][j]) <= most) && !Object.is(x, expected[i][j]),
            )
            if (off !== -1) throw new Error(`${kind} ${JSON.stringify(shape)}: ${array[off]}, not ${expected[i][off]}`)
          }
        }
      }
    }
  })
})
