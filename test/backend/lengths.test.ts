// Lengths, costs and the check of a call against its row: worked examples, and for every kernel each kind of mistake,
// with the same message from both backends.

import { describe, expect, test } from 'vitest'
import { bytesOf, flopsOf, lengthsOf } from '../../lib/backend/lengths.js'
import { loadNative } from '../../lib/backend/load.js'
import { reference } from '../../lib/backend/reference.js'
import { type NumberArray, parseSignature } from '../../lib/backend/signature.js'
import { type Backend, type KernelName, kernelNames, kernelRow } from '../../lib/backend/table.js'
import { ArgumentError } from '../../lib/base/errors.js'
import { Layout } from '../../lib/base/layout.js'
import { type Call, callsOf, kindsFor } from './support/calls.js'

const { full, scalar, row, column } = Layout
const native = process.env.BLASGRAD_BACKEND === 'reference' ? undefined : loadNative().backend
const call = (backend: Backend, name: KernelName, args: readonly unknown[]): unknown =>
  (backend[name] as (...args: readonly unknown[]) => unknown)(...args)

describe('lengths', () => {
  const some = new Float32Array(1000)
  test.each([
    ['add, full and row', 'add', [3, 4, full, row, some, some, some], [12, 4, 12]],
    ['add, column and scalar', 'add', [3, 4, column, scalar, some, some, some], [3, 1, 12]],
    [
      'add under outer axes',
      'add',
      [3, 4, full, row, some, some, some, Int32Array.of(2, 12, 0, 5, 24, 4)],
      [120, 20, 120],
    ],
    ['add, an empty outer axis', 'add', [3, 4, full, row, some, some, some, Int32Array.of(0, 12, 4)], [0, 0, 0]],
    ['where', 'where', [2, 5, row, full, scalar, new Uint8Array(9), some, some, some], [5, 10, 1, 10]],
    ['matmul', 'matmul', [true, false, 2, 3, 4, 5, 6, column, row, full, some, some, some], [40, 72, 180]],
    ['sum', 'sum', [2, 3, 4, some, some], [24, 8]],
    ['stridedRead', 'stridedRead', [7, Int32Array.of(3, 10, 4, 2), some, some], [7 + 20 + 6 + 1, 12]],
    ['stridedRead of nothing', 'stridedRead', [7, Int32Array.of(3, 10, 0, 2), some, some], [0, 0]],
    ['stridedRead of one element', 'stridedRead', [7, new Int32Array(0), some, some], [8, 1]],
    [
      'layerNorm without bias',
      'layerNorm',
      [2, 8, 0, some, some, new Float32Array(0), some, some, some],
      [16, 8, 0, 16, 2, 2],
    ],
    ['take', 'take', [2, 3, 4, 5, some, new Int32Array(5), some], [24, 5, 40]],
  ] as const)('%s', (_, name, args, expected) => {
    expect(lengthsOf(name, args)).toEqual(expected)
  })

  test('bytes and operations', () => {
    const args = [false, false, 2, 3, 4, 5, 1, full, scalar, full, some, some, some]
    expect(flopsOf('matmul', args)).toBe(2 * 5 * 2 * 3 * 4)
    expect(bytesOf('matmul', args)).toBe(4 * (5 * 8 + 12 + 5 * 6))
    const step = [10, new Float64Array(4), new Float64Array(10), new Float64Array(10), new Float64Array(0)]
    expect(bytesOf('sgd', step)).toBe(8 * (4 + 10 + 20))
    expect(flopsOf('sgd', step)).toBe(0)
  })
})

/** The message with which `backend` refuses the call. */
function refusal(backend: Backend, name: KernelName, args: readonly unknown[]): string {
  try {
    call(backend, name, args)
  } catch (error) {
    expect(error).toBeInstanceOf(ArgumentError)
    return (error as ArgumentError).message
  }
  return expect.fail(`${name} took the call`)
}

function refusedWith(name: KernelName, args: readonly unknown[], message: string | RegExp): void {
  const said = refusal(reference, name, args)
  if (typeof message === 'string') expect(said).toBe(message)
  else expect(said).toMatch(message)
  if (native !== undefined) expect(refusal(native, name, args)).toBe(said)
}

describe('messages', () => {
  const twelve = new Float32Array(12)
  const ids = new Int32Array(3)
  test.each([
    [
      'add',
      [3, 4, full, full, twelve, new Float32Array(3), twelve],
      'expected b with at least 12 elements (grid(bLayout,1)), got 3',
    ],
    [
      'add',
      [3, 4, full, full, twelve, new Float64Array(12), twelve],
      'expected b to be a Float32Array like a, got Float64Array',
    ],
    [
      'add',
      [1.5, 4, full, full, twelve, twelve, twelve],
      'expected rows to be an integer from 0 to 2147483647, got 1.5',
    ],
    ['add', [-1, 4, full, full, twelve, twelve, twelve], 'expected rows to be an integer from 0 to 2147483647, got -1'],
    ['add', [3, 4, 4, full, twelve, twelve, twelve], 'expected aLayout to be a layout from 0 to 3, got 4'],
    [
      'add',
      [3, 4, full, full, [1], twelve, twelve],
      'expected a to be a Float32Array, Float64Array, Int32Array or Uint8Array, got [1]',
    ],
    ['exp', [1, 3, full, ids, ids], 'expected a to be a Float32Array or Float64Array, got Int32Array'],
    ['take', [1, 3, 4, 3, twelve, twelve, twelve], 'expected ids to be an Int32Array, got Float32Array'],
    ['clamp', [1, 3, full, '0', 1, twelve, twelve], 'expected low to be a number, got "0"'],
    ['cast', [3, 1, twelve, twelve], 'expected toBool to be true or false, got 1'],
    [
      'stridedRead',
      [0, Int32Array.of(1, 2, 3), twelve, twelve],
      'expected dims to be an Int32Array of at most 8 pairs (count, stride), none negative, got Int32Array(3)',
    ],
    [
      'add',
      [3, 4, full, full, twelve, twelve, twelve, Int32Array.of(1, 2)],
      'expected outer to be an Int32Array of at most 4 groups of 3, none negative, got Int32Array(2)',
    ],
    [
      'layerNorm',
      [1, 4, 0, twelve, twelve, new Float32Array(2), twelve, twelve, twelve],
      'expected bias with at least 4 elements (n) or none, got 2',
    ],
  ] as const)('%s %#', (name, args, message) => refusedWith(name, args, `${name}: ${message}`))
})

describe('arrays that share memory', () => {
  const memory = new Float32Array(40)
  const part = (from: number): Float32Array => memory.subarray(from, from + 12)
  const apart = new Float32Array(12)
  test.each([
    ['exp', [3, 4, full, part(0), part(4)], 'expected out to share no memory with a, got arrays that overlap'],
    [
      'add',
      [3, 4, full, row, apart, part(0), part(0)],
      'expected out to share no memory with b, got arrays that overlap',
    ],
    ['sum', [1, 3, 4, part(0), part(0)], 'expected out to share no memory with a, got arrays that overlap'],
    [
      'exp',
      [1, 4, full, part(0), part(0), Int32Array.of(2, 2, 1, 2)],
      'expected out to share no memory with a, got arrays that overlap',
    ],
    ['layerNorm', [1, 4, 1, apart, apart, apart, part(0), part(20), part(20)], /^layerNorm: expected mean to share no/],
    ['sgd', [4, new Float64Array(4), part(0), part(2), new Float32Array(0)], /^sgd: expected param to share no memory/],
  ] as const)('%s %#', (name, args, message) => {
    refusedWith(name, args, typeof message === 'string' ? `${name}: ${message}` : message)
  })

  test.each([
    ['in place', 'exp', [3, 4, full, part(0), part(0)]],
    [
      'in place under outer axes that run as the output does',
      'exp',
      [1, 4, full, part(0), part(0), Int32Array.of(3, 4)],
    ],
    ['adjacent', 'exp', [3, 4, full, part(0), part(12)]],
    ['beyond what is needed', 'exp', [1, 4, full, part(0), part(4)]],
    ['inputs only', 'add', [3, 4, full, full, part(0), part(4), apart]],
  ] as const)('allowed: %s', (_, name, args) => {
    for (const backend of [reference, native]) if (backend !== undefined) call(backend, name, args)
  })
})

/** A call of the kernel in which every array needs an element. */
function fullCall(name: KernelName): Call {
  for (const made of callsOf(name, kindsFor(name)[0])) if (made.arrays.every(({ needed }) => needed > 0)) return made
  return expect.fail(`${name}: no call with an element in every array`)
}

const wrong: Record<string, readonly unknown[]> = {
  size: [-1, 0.5, 2147483648, Number.NaN, '3', undefined],
  flag: [0, 'true', undefined],
  layout: [4, -1, 0.5, 'full', undefined],
  scalar: ['1', null, undefined],
  sizes: [[1, 1], Int32Array.of(1), Int32Array.of(-1, 1), Int32Array.of(1, -1), new Int32Array(18), undefined],
  outer: [[1, 1], Int32Array.of(1), new Int32Array(1000), null],
}

describe.each(kernelNames)('%s refuses', name => {
  const { args } = parseSignature(kernelRow(name).signature)
  test.each(args.map((argument, index) => ({ ...argument, index })))('a wrong $name', ({
    name: argument,
    role,
    index,
  }) => {
    const { args: good, arrays } = fullCall(name)
    const refused = (value: unknown, message = new RegExp(`^${name}: expected ${argument} .*, got `)) =>
      refusedWith(name, Object.assign([...good], { [index]: value }), message)
    const array = arrays.find(each => each.index === index)
    if (array === undefined) {
      for (const value of wrong[role]) refused(value)
      return
    }
    const value = good[index] as NumberArray
    if (array.needed > 1 || !array.argument.optional) refused(value.slice(0, array.needed - 1))
    for (const other of [undefined, [1], new Int8Array(value.length), new DataView(value.buffer)]) refused(other)
    const alone = arrays.filter(each => each.argument.element === 'T').length === 1
    if (array.argument.element === 'any' || (array.argument.element === 'T' && alone)) return
    refused(
      value instanceof Float32Array ? new Float64Array(value.length) : new Float32Array(value.length),
      /: expected /,
    )
  })
})
