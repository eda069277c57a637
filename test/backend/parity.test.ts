// Every kernel, on calls generated from its row: the native backend against the reference, nothing written beyond what
// the row says, no input changed, no gap left in an output, the same result in place. With BLASGRAD_BACKEND=reference
// only the reference is tried, against itself; otherwise a missing addon is a failure.

import { describe, expect, test } from 'vitest'
import { loadNative } from '../../lib/backend/load.js'
import { reference } from '../../lib/backend/reference.js'
import type { NumberArray } from '../../lib/backend/signature.js'
import { type Backend, type KernelName, kernelNames, kernelRow } from '../../lib/backend/table.js'
import { Layout } from '../../lib/base/layout.js'
import { type Call, callsOf, type Kind, kindsFor } from './support/calls.js'
import { difference, exactly, magnitude, sameBytes } from './support/compare.js'

const referenceOnly = process.env.BLASGRAD_BACKEND === 'reference'
const native = referenceOnly ? undefined : loadNative().backend

type Kernel = (...args: readonly unknown[]) => unknown
const run = (backend: Backend, name: KernelName, args: readonly unknown[]): unknown =>
  (backend[name] as Kernel)(...args)

/** The arguments with every array copied; what a kernel only writes is filled with `pattern` if one is given. */
function copyOf(call: Call, pattern?: number): unknown[] {
  const args = [...call.args]
  for (const { argument, index } of call.arrays) {
    const array = (args[index] as NumberArray).slice()
    args[index] = argument.role === 'out' && pattern !== undefined ? array.fill(pattern) : array
  }
  return args
}

const arrayOf = (args: readonly unknown[], index: number): NumberArray => args[index] as NumberArray

/** What no backend may do: write beyond the needed length, or into an input. */
function expectUntouched(call: Call, args: readonly unknown[], caller: string): void {
  for (const { argument, index, needed } of call.arrays) {
    const from = argument.role === 'in' ? 0 : needed
    const before = arrayOf(call.args, index).subarray(from)
    const after = arrayOf(args, index).subarray(from)
    if (!sameBytes(before, after)) expect.fail(`${call.label}: ${caller} wrote to ${argument.name} from ${from} on`)
  }
}

/** How far a result may be from `expected`: bits for exact kernels, else relative to the numbers that went into it. */
function tolerance(name: KernelName, call: Call, kind: Kind, args: readonly unknown[], index: number, needed: number) {
  const row = kernelRow(name)
  if (row.exact || kind === 'int32' || kind === 'uint8') return exactly
  const relative = kind === 'float32' ? 1e-5 : 1e-12
  let scale = 1
  if (row.class !== 'elementwise') scale = Math.max(0.1, magnitude(arrayOf(args, index), needed))
  if (row.class === 'reduction' || row.class === 'product') {
    for (const input of call.arrays) {
      if (input.argument.role === 'in') scale = Math.max(scale, magnitude(arrayOf(args, input.index), input.needed))
    }
  }
  return (expected: number) => relative * (Math.abs(expected) + scale)
}

function expectSame(
  name: KernelName,
  kind: Kind,
  call: Call,
  actual: readonly unknown[],
  expected: readonly unknown[],
) {
  for (const { argument, index, needed } of call.arrays) {
    if (argument.role === 'in') continue
    const allowed = tolerance(name, call, kind, expected, index, needed)
    const found = difference(arrayOf(actual, index), arrayOf(expected, index), needed, allowed)
    if (found !== undefined) expect.fail(`${call.label}: ${argument.name} ${found}`)
  }
}

/** Runs the call once for each input that the output may be, and compares with the result out of place. */
function expectSameInPlace(backend: Backend, name: KernelName, call: Call, result: readonly unknown[], caller: string) {
  const out = call.arrays.find(({ argument }) => argument.role === 'out')
  for (const inputName of kernelRow(name).inPlace) {
    const input = call.arrays.find(({ argument }) => argument.name === inputName)
    if (out === undefined || input === undefined || input.needed !== out.needed) continue
    if (call.parameters.outer !== undefined || (call.parameters[`${inputName}Layout`] ?? Layout.full) !== Layout.full)
      continue
    const args = copyOf(call)
    args[out.index] = args[input.index]
    run(backend, name, args)
    const found = difference(arrayOf(args, out.index), arrayOf(result, out.index), out.needed, exactly)
    if (found !== undefined) expect.fail(`${call.label}: ${caller} in place of ${inputName} ${found}`)
  }
}

/** A bad id is reported by position, and nothing is written. */
function expectIndexReported(backend: Backend, name: KernelName, call: Call, caller: string): void {
  const ids = call.arrays.find(({ argument }) => argument.name === 'ids')
  if (ids === undefined || !kernelRow(name).signature.endsWith('-> index') || ids.needed === 0) return
  for (const bad of [-1, 2147483647]) {
    const args = copyOf(call)
    const position = Math.floor(ids.needed / 2)
    arrayOf(args, ids.index).fill(bad, position, ids.needed)
    const before = args.map(argument => (ArrayBuffer.isView(argument) ? (argument as NumberArray).slice() : argument))
    const reported = run(backend, name, args)
    const badAlready = run(reference, name, copyOf(call)) as number
    const first = badAlready === -1 ? position : Math.min(position, badAlready)
    if (reported !== first) expect.fail(`${call.label}: ${caller} reported ${reported}, not ${first}`)
    for (const { argument, index } of call.arrays) {
      if (!sameBytes(arrayOf(args, index), arrayOf(before, index)))
        expect.fail(`${call.label}: ${caller} wrote ${argument.name}`)
    }
  }
}

describe.each(kernelNames)('%s', name => {
  test.each(kindsFor(name))('%s', kind => {
    for (const call of callsOf(name, kind)) {
      const expected = copyOf(call)
      const returned = run(reference, name, expected)
      expectUntouched(call, expected, 'the reference')
      expectSameInPlace(reference, name, call, expected, 'the reference')
      expectIndexReported(reference, name, call, 'the reference')
      const again = copyOf(call, 3)
      run(reference, name, again)
      if (returned === undefined || returned === -1) expectSame(name, kind, call, again, expected)
      if (native === undefined) continue

      const actual = copyOf(call)
      const answer = run(native, name, actual)
      expect(answer, call.label).toBe(returned)
      expectUntouched(call, actual, 'native')
      expectSame(name, kind, call, actual, expected)
      expectSameInPlace(native, name, call, actual, 'native')
      expectIndexReported(native, name, call, 'native')
    }
  })
})
