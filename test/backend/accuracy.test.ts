// Every kernel with float inputs, on families of inputs that cost digits, against the reference in float64: no error is
// above the kernel's bound in docs/accuracy.md, and no kernel is missing there.

import { describe, expect, test } from 'vitest'
import { loadNative } from '../../lib/backend/load.js'
import { reference } from '../../lib/backend/reference.js'
import { type NumberArray, parseSignature } from '../../lib/backend/signature.js'
import { type Backend, type KernelName, kernelNames, kernelRow } from '../../lib/backend/table.js'
import { publishedBounds as table, ulp } from './support/bounds.js'
import type { Call, Kind } from './support/calls.js'
import { magnitude } from './support/compare.js'
import { familyCalls } from './support/families.js'
import { randomFrom } from './support/random.js'

type Kernel = (...args: readonly unknown[]) => unknown
const run = (backend: Backend, name: KernelName, args: readonly unknown[]): unknown =>
  (backend[name] as Kernel)(...args)

const backends: Readonly<Record<string, Backend>> =
  process.env.BLASGRAD_BACKEND === 'reference' ? { reference } : { reference, native: loadNative().backend }

/** Kernels that read and write floats. */
const measured = kernelNames.filter(name => {
  const { args } = parseSignature(kernelRow(name).signature)
  const isFloat = (roles: string[]): boolean =>
    args.some(({ role, element }) => roles.includes(role) && element === 'T')
  return isFloat(['in', 'inout']) && isFloat(['out', 'inout'])
})

interface Errors {
  /** In ulps of each element. */
  each: number
  /** In ulps of the largest element of its row, or in the change there when each input changes by up to an ulp. */
  row: number
  worst: string
}

/** Arguments with all arrays copied, floats as float64 where `factor` is given and, where they are read, times it. */
const copies = (call: Call, factor?: () => number): unknown[] =>
  call.args.map((argument, i) => {
    if (!ArrayBuffer.isView(argument)) return argument
    const role = call.arrays.find(({ index }) => index === i)
    if (factor === undefined || role?.argument.element !== 'T') return (argument as NumberArray).slice()
    const copy = Float64Array.from(argument as Float64Array)
    return role.argument.role === 'out' ? copy : copy.map(x => x * factor())
  })

/** The error of `actual` in units; what is denormal or overflows in this type counts as right. */
function errorOf(actual: number, exact: number, unit: number, kind: Kind): number {
  const [least, most] = kind === 'float32' ? [2 ** -125, 2 ** 127] : [2 ** -1021, 2 ** 1023]
  if (Object.is(actual, exact) || actual === exact || Math.abs(actual - exact) <= least) return 0
  if (Math.abs(exact) > most && (!Number.isFinite(actual) || Math.abs(actual) > most / 2)) return 0
  const error = Math.abs(actual - exact) / unit
  return Number.isNaN(error) ? Infinity : error
}

/** The largest float that a call reads. */
const inputMagnitude = (call: Call): number =>
  Math.max(
    ...call.arrays.map(({ argument, index, needed }) =>
      argument.role !== 'out' && argument.element === 'T' ? magnitude(call.args[index] as NumberArray, needed) : 0,
    ),
  )

/** The worst errors of a kernel, against the reference in float64. */
function errorsOf(backend: Backend, name: KernelName, kind: Kind): Errors {
  const errors: Errors = { each: 0, row: 0, worst: '' }
  const random = randomFrom(name)
  const sizes = parseSignature(kernelRow(name).signature).args.filter(({ role }) => role === 'size')
  const step = kind === 'float32' ? 2 ** -23 : 2 ** -52
  for (const call of familyCalls(name, kind)) {
    const [expected, actual] = [copies(call, () => 1), copies(call)]
    const others = [0, 1, 2, 3].map(() => copies(call, () => 1 + step * (2 * random() - 1)))
    if (run(reference, name, expected) !== run(backend, name, actual)) expect.fail(`${call.label}: another answer`)
    for (const other of others) run(reference, name, other)
    for (const { argument, index, needed } of call.arrays) {
      if (argument.role === 'in' || argument.element !== 'T') continue
      const arraysOf = (args: readonly unknown[]): NumberArray => args[index] as NumberArray
      const [exact, found] = [arraysOf(expected), arraysOf(actual)]
      const n = Number(call.parameters.n ?? call.parameters.cols ?? 0)
      // An attention kernel's n is not what its rows have.
      const width = n > 0 && needed % n === 0 && sizes.length <= 4 ? n : needed
      const least = step * (2 ** -12 * magnitude(exact, needed) || inputMagnitude(call))
      for (let from = 0; from < needed; from += width) {
        let [largest, change] = [0, 0]
        for (let i = from; i < from + width; i++) {
          if (!Number.isFinite(exact[i])) continue
          largest = Math.max(largest, Math.abs(exact[i]))
          for (const other of others) change = Math.max(change, Math.abs(arraysOf(other)[i] - exact[i]) || 0)
        }
        const unit = Math.max(ulp(largest, kind), change, least)
        for (let i = from; i < from + width; i++) {
          errors.each = Math.max(errors.each, errorOf(found[i], exact[i], ulp(exact[i], kind), kind))
          const error = errorOf(found[i], exact[i], unit, kind)
          if (error <= errors.row) continue
          errors.row = error
          errors.worst = `${call.label}: ${argument.name} at ${i}: ${found[i]} for ${exact[i]}`
        }
      }
    }
  }
  return errors
}

test('the table has every kernel that reads and writes floats, and no other', () => {
  expect([...table.keys()]).toEqual(measured)
})

describe.each(Object.keys(backends))('%s', backend => {
  test.each(measured)('%s', name => {
    const { each, row, row64 } = table.get(name) ?? expect.fail(`${name}: no row in docs/accuracy.md`)
    const single = errorsOf(backends[backend], name, 'float32')
    if (!(single.each <= each)) expect.fail(`${single.each} ulps, ${each} allowed`)
    if (!(single.row <= row)) expect.fail(`${single.row} ulps of a row, ${row} allowed: ${single.worst}`)
    if (backend === 'reference') return
    const double = errorsOf(backends[backend], name, 'float64')
    if (!(double.row <= row64)) expect.fail(`${double.row} ulps of float64, ${row64} allowed: ${double.worst}`)
  })
})
