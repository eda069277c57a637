// A list that is given to a program runs JavaScript as it is read: a getter may move memory or run the program itself.
// Everything is read first, then checked, then used.

import { describe, expect, test } from 'vitest'
import { ArgumentError } from '../../../lib/base/errors.js'
import { Layout } from '../../../lib/base/layout.js'
import { makeNativeExecutor } from '../../../lib/compile/native-executor.js'
import type { Plan, ThreadedExecutor } from '../../../lib/compile/plan.js'
import { Builder } from '../../compile/support/builder.js'

const length = 50_000
const bytes = length * 4

/** Adds its two arguments and its state. */
function sums(state: Float32Array = new Float32Array(new SharedArrayBuffer(bytes))): ThreadedExecutor {
  const b = new Builder()
  const [x, y] = [b.argument(length), b.argument(length)]
  const [part, sum] = [b.made(length), b.made(length)]
  b.call('add', 1, length, Layout.full, Layout.full, x, y, part)
  b.call('add', 1, length, Layout.full, Layout.full, part, b.state(state), sum)
  const offsets = b.values.map(({ origin }, i) =>
    'array' in origin ? -1 : i * bytes + ((64 - ((i * bytes) % 64)) % 64),
  )
  const plan: Plan = { program: b.program(sum), steps: b.calls, offsets, arenaBytes: 4 * bytes + 256 }
  return makeNativeExecutor(plan) as ThreadedExecutor
}

const filled = (value: number): Float32Array => new Float32Array(length).fill(value)
/** Takes an array's memory away. */
const detach = (array: Float32Array): void =>
  void structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] })

/** A list whose second element is read by `get`. */
const listOf = <T>(first: T, get: () => T): T[] => Object.defineProperty([first, first], 1, { get })

describe.skipIf(process.env.BLASGRAD_BACKEND === 'reference')('lists that run JavaScript', () => {
  test('an argument that goes while the next is read is refused', () => {
    const executor = sums()
    const first = filled(1)
    const args = listOf(first, () => {
      detach(first)
      return filled(2)
    })
    expect(() => executor.run(args, [filled(0)])).toThrow(ArgumentError)
    expect(executor.run([filled(1), filled(2)], [filled(0)])).toBeNull()
  })

  test('so is a result that goes while the arguments are read', () => {
    const executor = sums()
    const out = filled(0)
    const args = listOf(filled(1), () => {
      detach(out)
      return filled(2)
    })
    expect(() => executor.run(args, [out])).toThrow(/run: expected result 0/)
  })

  test('and state that goes', () => {
    const state = filled(5)
    const executor = sums(state)
    const args = listOf(filled(1), () => {
      detach(state)
      return filled(2)
    })
    expect(() => executor.run(args, [filled(0)])).toThrow(/state where they were/)
    expect(() => executor.start(args, () => {})).toThrow(/state where they were/)
  })

  test('a run within the reading of another leaves the other its own numbers', () => {
    const executor = sums()
    const [inner, outer] = [filled(0), filled(0)]
    const args = listOf(filled(1), () => {
      executor.run([filled(10), filled(20)], [inner])
      return filled(2)
    })
    const results = Object.defineProperty([outer], 0, {
      get: () => {
        executor.run([filled(100), filled(200)], [filled(0)])
        return outer
      },
    })
    expect(executor.run(args, results)).toBeNull()
    expect([inner[0], inner[length - 1], outer[0], outer[length - 1]]).toEqual([30, 30, 3, 3])
  })

  test('a run that is started within the reading of another stops that one', async () => {
    const executor = sums()
    const out = filled(0)
    let over = Promise.resolve()
    const start = (): Float32Array => {
      over = new Promise(resolve => executor.start([filled(10), filled(20)], () => resolve()))
      return filled(2)
    }
    expect(() => executor.run(listOf(filled(1), start), [out])).toThrow(/not running/)
    await over
    const collecting = Object.defineProperty([out], 0, {
      get: () => {
        start()
        return out
      },
    })
    expect(() => executor.collect(collecting)).toThrow(/not running/)
    await over
    executor.collect([out])
    expect(out[0]).toBe(30)
  })

  test('a getter that throws counts as nothing there', () => {
    const args = listOf(filled(1), () => {
      throw new Error('no')
    })
    expect(() => sums().run(args, [filled(0)])).toThrow(/run: expected argument 1 to be Float32Array.*got undefined/)
  })
})
