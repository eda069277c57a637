// The bits that each native kernel writes over the calls of the parity test, on one thread and on two.

import { loadNative } from '../../lib/backend/load.js'
import { kernelNames } from '../../lib/backend/table.js'
import { callsOf, kindsFor } from '../backend/support/calls.js'
import { Bits } from './bits.js'

/** By kernel, element type and threads. */
export function kernelBits(): Record<string, string> {
  const { backend, setThreads, info } = loadNative()
  const before = info().threads
  const hashes: Record<string, string> = {}
  for (const name of kernelNames) {
    const run = backend[name] as (...args: readonly unknown[]) => unknown
    for (const kind of kindsFor(name)) {
      for (const threads of [1, 2]) {
        setThreads(threads)
        const bits = new Bits()
        for (const { args, arrays } of callsOf(name, kind)) {
          const position = run(...args)
          bits.add(Float64Array.of(typeof position === 'number' ? position : -1))
          for (const { argument, index } of arrays) {
            if (argument.role !== 'in') bits.add(args[index] as ArrayBufferView)
          }
        }
        hashes[`${name} ${kind}, threads: ${threads}`] = bits.digest()
      }
    }
  }
  setThreads(before)
  return hashes
}
