// A call of which some sizes are as large as they can be, but no array is, is over at once: no kernel loops over rows that
// have no elements, nor over what is in no array. The calls run in a process of their own, which can be ended where one hangs; a loop over 2³¹ rows
// takes a thousand times the CPU time of a call that is over at once.

import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { lengthsOf } from '../../lib/backend/lengths.js'
import { loadNative } from '../../lib/backend/load.js'
import { type Argument, parseSignature } from '../../lib/backend/signature.js'
import { type KernelName, kernelNames, kernelRow } from '../../lib/backend/table.js'
import { domains } from './support/domains.js'
import { parametersOf } from './support/parameters.js'
import { randomFrom } from './support/random.js'

const huge = 2147483647
const mostElements = 64
const callsEach = 250

/** What the process reads: a number, a flag, `[…]` for an Int32Array, or an array's kind and length. */
type Shown = number | boolean | undefined | readonly number[] | { readonly kind: string; readonly length: number }

const isArray = ({ role }: Argument): boolean => ['in', 'out', 'inout'].includes(role)
const kindOf = ({ element }: Argument): string =>
  element === 'bool'
    ? 'Uint8Array'
    : element === 'int32'
      ? 'Int32Array'
      : element === 'float64'
        ? 'Float64Array'
        : 'Float32Array'

/** Calls with sizes of 2³¹ − 1 beside 0 and 1, or beside 1 and 2, that need few elements all the same. */
function emptyCallsOf(name: KernelName): Shown[][] {
  const { args } = parseSignature(kernelRow(name).signature)
  const random = randomFrom(`empties of ${name}`)
  const starts = [...parametersOf(args, kernelRow(name).class === 'elementwise', domains[name] ?? {}, random)]
  const calls: Shown[][] = []
  for (let tries = 0; tries < 20000 && calls.length < callsEach; tries++) {
    const parameters = starts[Math.floor(random() * starts.length)]
    let isHuge = false
    // A product adds up what shares an output, as often as its grid says.
    const isEmpty = random() < 0.5 || kernelRow(name).class === 'product'
    const change = <V>(value: V): V | number => {
      const choice = random()
      if (choice < (isEmpty ? 0.35 : 0.2)) isHuge = true
      if (!isEmpty) return choice < 0.2 ? huge : choice < 0.6 ? 1 : 2
      return choice < 0.35 ? huge : choice < 0.7 ? 0 : choice < 0.8 ? 1 : value
    }
    const call: Shown[] = args.map(argument => {
      const value = parameters[argument.name]
      if (argument.role === 'size') return change(value as number)
      if (value instanceof Int32Array)
        return [...value].map(number => (random() < 0.2 ? (change(number) as number) : number))
      return value as Shown
    })
    if (!isHuge) continue
    const arrays = args.map((argument, index) => ({ argument, index })).filter(({ argument }) => isArray(argument))
    const raw: unknown[] = call.map(value => (Array.isArray(value) ? Int32Array.from(value) : value))
    for (const { argument, index } of arrays) raw[index] = { length: argument.optional ? 0 : 1 }
    const lengths = lengthsOf(name, raw)
    if (!lengths.every(length => length <= mostElements)) continue
    for (const [i, { argument, index }] of arrays.entries())
      call[index] = { kind: kindOf(argument), length: lengths[i] }
    calls.push(call)
  }
  return calls
}

const script = `
const { readFileSync, writeSync } = require('node:fs')
const main = async () => {
  const [from, path] = process.argv.slice(1)
  const kernels = from === 'native' ? require(path).kernels : (await import(path)).reference
  const make = shown => Array.isArray(shown) ? Int32Array.from(shown)
    : typeof shown === 'object' && shown !== null ? new globalThis[shown.kind](shown.length) : shown
  for (const [name, args] of JSON.parse(readFileSync(0, 'utf8'))) {
    writeSync(1, name + ' ' + JSON.stringify(args) + '\\n')
    const begin = process.cpuUsage()
    try { kernels[name](...args.map(make)) } catch {}
    if (process.cpuUsage(begin).user > 500_000) process.exit()
  }
  writeSync(1, 'all returned\\n')
}
main()`

function runAll(from: string, path: string): string {
  const calls = kernelNames.flatMap(name => emptyCallsOf(name).map(call => [name, call]))
  const child = spawnSync(process.execPath, ['-e', script, from, path], {
    input: JSON.stringify(calls),
    encoding: 'utf8',
    timeout: 120_000,
    killSignal: 'SIGKILL',
    maxBuffer: 2 ** 28,
  })
  expect(child.stderr).toBe('')
  return child.stdout.trimEnd().split('\n').at(-1) ?? ''
}

describe('no call over empty arrays takes long', () => {
  test('most kernels have such calls', () => {
    // Not those whose sizes are all lengths of what they write.
    const without = kernelNames.filter(name => emptyCallsOf(name).length === 0)
    expect(without.length).toBeLessThan(kernelNames.length / 4)
  })

  test('of the reference backend', { timeout: 200_000 }, () => {
    const path = new URL('../../dist/backend/reference.js', import.meta.url)
    expect(runAll('reference', path.href)).toBe('all returned')
  })

  test.skipIf(process.env.BLASGRAD_BACKEND === 'reference')('of the addon', { timeout: 200_000 }, () => {
    expect(runAll('native', loadNative().path)).toBe('all returned')
  })
})
