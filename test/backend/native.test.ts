// The addon itself: that it loads, here and in worker threads, describes itself, and refuses every kind of bad argument
// with an ArgumentError. What its kernels compute is in parity.test.ts.

import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { loadNative } from '../../lib/backend/load.js'
import { type Addon, createNative } from '../../lib/backend/native.js'
import { reference } from '../../lib/backend/reference.js'
import type { Backend } from '../../lib/backend/table.js'
import { ArgumentError, BackendError } from '../../lib/base/errors.js'
import { difference } from './support/compare.js'

const referenceOnly = process.env.BLASGRAD_BACKEND === 'reference'

describe.skipIf(referenceOnly)('the addon', () => {
  const native = referenceOnly ? undefined : loadNative()
  const kernels = native?.backend as Backend
  const path = native?.path as string
  // What a caller without types could pass.
  const call = (name: keyof Backend, ...args: readonly unknown[]): unknown =>
    (kernels[name] as (...args: readonly unknown[]) => unknown)(...args)
  const refuses = (message: string, name: keyof Backend, ...args: readonly unknown[]): void => {
    expect(() => call(name, ...args)).toThrow(new ArgumentError(message))
    expect(() => call(name, ...args)).toThrow(ArgumentError)
  }
  const floats = (...values: number[]) => new Float32Array(values)

  test('says what it runs on', () => {
    const info = loadNative().info()
    expect(info.blas).toContain('OpenBLAS')
    expect(info.core.length).toBeGreaterThan(0)
    expect(info.simd.length).toBeGreaterThan(0)
    expect([0, 1, 2]).toContain(info.parallel)
    expect(info.threads).toBeGreaterThanOrEqual(1)
    expect(info.maxThreads).toBeGreaterThanOrEqual(info.threads)
  })

  test('sets threads, never more than the BLAS was built for', () => {
    const loaded = loadNative()
    const { threads, maxThreads } = loaded.info()
    expect(loaded.setThreads(1)).toBe(1)
    expect(loaded.setThreads(60000)).toBe(maxThreads)
    expect(loaded.setThreads(threads)).toBe(threads)
    expect(() => loaded.setThreads(0)).toThrow('setThreads')
  })

  test('a kernel described otherwise than in the table is named', () => {
    const rows = { add: { signature: 'rows:size', dtypes: 'numbers', inPlace: '' } }
    const other = { attach() {}, signatures: () => rows } as unknown as Addon
    expect(() => createNative(other)).toThrow(BackendError)
    expect(() => createNative(other)).toThrow(/copy: expected a kernel/)
  })

  test('loads and computes in worker threads at once', async () => {
    const source = `
      const { parentPort, workerData } = require('node:worker_threads')
      const addon = require(workerData)
      addon.attach(class extends Error {}, class extends Error {}, String)
      const out = new Float32Array(3)
      for (let i = 0; i < 1000; i++) addon.kernels.add(1, 3, 0, 1, new Float32Array([1, 2, 3]), new Float32Array([i]), out)
      let refused = false
      try { addon.kernels.add(1, 3, 0, 0, out, out, 5) } catch { refused = true }
      parentPort.postMessage([...out, refused])`
    const answers = [1, 2, 3, 4].map(
      () =>
        new Promise((resolve, reject) => {
          const worker = new Worker(source, { eval: true, workerData: path })
          worker.once('message', resolve)
          worker.once('error', reject)
        }),
    )
    for (const answer of await Promise.all(answers)) expect(answer).toEqual([1000, 1001, 1002, true])
    expect(call('add', 1, 1, 0, 0, floats(1), floats(2), floats(0))).toBeUndefined()
  })

  test('sizes', () => {
    const range = 'to be an integer from 0 to 2147483647'
    for (const [value, shown] of [
      [1.5, '1.5'],
      [-1, '-1'],
      [Number.NaN, 'NaN'],
      [Number.POSITIVE_INFINITY, 'Infinity'],
      [2 ** 31, '2147483648'],
      ['4', '"4"'],
      [undefined, 'undefined'],
      [4n, '4'],
      [{}, 'Object'],
    ]) {
      refuses(`exp: expected rows ${range}, got ${shown}`, 'exp', value, 1, 0, floats(1), floats(1))
    }
    const huge = 2147483647
    expect(() => call('sum', huge, huge, huge, floats(1), floats(1))).toThrow(/expected a with at least/)
    expect(() =>
      call('matmul', false, false, huge, huge, huge, huge, huge, 0, 0, 0, floats(1), floats(1), floats(1)),
    ).toThrow(/expected a with at least/)
  })

  test('flags, layouts and scalars', () => {
    const a = floats(1)
    refuses('matmul: expected transposeA to be true or false, got 1', 'matmul', 1)
    for (const layout of [4, -1, 0.5]) {
      refuses(`exp: expected aLayout to be a layout from 0 to 3, got ${layout}`, 'exp', 1, 1, layout, a, floats(0))
    }
    refuses('fill: expected value to be a number, got "1"', 'fill', 1, '1', a)
  })

  test('kinds of arrays', () => {
    const a = floats(1, 2)
    refuses(
      'add: expected b to be a Float32Array like a, got Float64Array',
      'add',
      1,
      2,
      0,
      0,
      a,
      new Float64Array(2),
      a,
    )
    refuses(
      'exp: expected a to be a Float32Array or Float64Array, got Int32Array',
      'exp',
      1,
      2,
      0,
      new Int32Array(2),
      a,
    )
    refuses('greater: expected out to be a Uint8Array, got Float32Array', 'greater', 1, 2, 0, 0, a, a, floats(0, 0))
    refuses('argmax: expected out to be an Int32Array, got Uint32Array', 'argmax', 1, 2, 1, a, new Uint32Array(1))
    const numbers = 'a Float32Array, Float64Array, Int32Array or Uint8Array'
    refuses(`copy: expected a to be ${numbers}, got BigInt64Array`, 'copy', 1, 1, 0, new BigInt64Array(1), a)
    refuses(`copy: expected a to be ${numbers}, got an array of 9`, 'copy', 1, 1, 0, Array(9).fill(0), a)
    refuses(`copy: expected a to be ${numbers}, got null`, 'copy', 1, 1, 0, null, a)
    refuses(`cast: expected a to be ${numbers}, got undefined`, 'cast', 1, false)
    refuses(`copy: expected out to be ${numbers}, got DataView`, 'copy', 1, 1, 0, a, new DataView(new ArrayBuffer(8)))
  })

  test('lengths', () => {
    const out = floats(0, 0, 0, 0)
    refuses(
      'add: expected b with at least 4 elements (grid(bLayout,1)), got 3',
      'add',
      2,
      2,
      0,
      0,
      floats(1, 2, 3, 4),
      floats(1, 2, 3),
      out,
    )
    refuses(
      'add: expected out with at least 8 elements (grid), got 4',
      'add',
      1,
      1,
      1,
      1,
      floats(1),
      floats(1),
      out,
      new Int32Array([8, 0, 0]),
    )
    refuses(
      'exp: expected a with at least 8 elements (grid(aLayout,0)), got 4',
      'exp',
      1,
      1,
      1,
      floats(1, 2, 3, 4),
      out,
      new Int32Array([8, 1]),
    )
    refuses(
      'stridedRead: expected a with at least 7 elements (reach(at,dims)), got 4',
      'stridedRead',
      3,
      new Int32Array([2, 3]),
      out,
      floats(0, 0),
    )
    refuses(
      'layerNorm: expected weight with at least 2 elements (n) or none, got 1',
      'layerNorm',
      1,
      2,
      0,
      floats(1, 2),
      floats(1),
      floats(),
      floats(0, 0),
      floats(0),
      floats(0),
    )
  })

  test('outer and dims', () => {
    const a = floats(1)
    const outer = 'to be an Int32Array of at most 4 groups of 2, none negative'
    for (const [value, shown] of [
      [new Int32Array([2]), 'Int32Array(1)'],
      [new Int32Array([2, -1]), 'Int32Array(2)'],
      [new Int32Array(10), 'Int32Array(10)'],
      [[1, 1], '[1, 1]'],
      [null, 'null'],
    ]) {
      refuses(`exp: expected outer ${outer}, got ${shown}`, 'exp', 1, 1, 0, a, floats(0), value)
    }
    const dims = 'to be an Int32Array of at most 8 pairs (count, stride), none negative'
    refuses(`stridedRead: expected dims ${dims}, got Int32Array(18)`, 'stridedRead', 0, new Int32Array(18), a, a)
  })

  test('detached arrays', () => {
    const gone = floats(1, 2, 3, 4)
    structuredClone(gone, { transfer: [gone.buffer] })
    refuses(
      'exp: expected a with at least 4 elements (grid(aLayout,0)), got 0',
      'exp',
      1,
      4,
      0,
      gone,
      floats(0, 0, 0, 0),
    )
    refuses('exp: expected out with at least 4 elements (grid), got 0', 'exp', 1, 4, 0, floats(0, 0, 0, 0), gone)
  })

  test('arrays that overlap, but for an input in place', () => {
    const memory = floats(1, 2, 3, 4, 5)
    const shared = (other: string) => `expected out to share no memory with ${other}, got arrays that overlap`
    refuses(`exp: ${shared('a')}`, 'exp', 1, 4, 0, memory.subarray(0, 4), memory.subarray(1))
    refuses(`exp: ${shared('a')}`, 'exp', 1, 4, 1, memory, memory)
    refuses(`matmul: ${shared('a')}`, 'matmul', false, false, 1, 1, 1, 1, 1, 0, 0, 0, memory, floats(1), memory)
    // In place over outer axes only where the input lies as the output does.
    refuses(`neg: ${shared('a')}`, 'neg', 1, 1, 0, memory, memory, new Int32Array([2, 1, 2, 2]))
    call('neg', 1, 1, 0, memory, memory, new Int32Array([2, 2, 2, 1]))
    expect([...memory]).toEqual([-1, -2, -3, -4, 5])
    call('add', 1, 2, 0, 0, memory.subarray(0, 2), memory.subarray(2, 4), memory.subarray(0, 2))
    expect([...memory]).toEqual([-4, -6, -3, -4, 5])
  })

  test('long slices of more columns than a panel has', () => {
    const [n, inner] = [300, 1100]
    const a = Float64Array.from({ length: n * inner }, (_, i) => Math.sin(i * i))
    for (const [name, inputs, size] of [
      ['logsumexp', [a], inner],
      ['softmax', [a], n * inner],
      ['logSoftmax', [a], n * inner],
      ['softmaxBackward', [a, a.toReversed()], n * inner],
      ['logSoftmaxBackward', [a, a.toReversed()], n * inner],
    ] as const) {
      const [expected, actual] = [reference, kernels].map(backend => {
        const out = new Float64Array(size)
        ;(backend[name] as (...args: readonly unknown[]) => unknown)(1, n, inner, ...inputs, out)
        return out
      })
      expect(
        difference(actual, expected, size, value => 1e-12 * (1 + Math.abs(value))),
        name,
      ).toBeUndefined()
    }
  })

  test('empty calls of every kind are fine', () => {
    const none = floats()
    const huge = 2147483647
    call('exp', 0, huge, 0, none, none)
    call('sum', huge, huge, 0, none, none)
    call('softmax', huge, 0, huge, none, none)
    call('matmul', false, false, 0, huge, huge, 0, huge, 0, 0, 0, none, none, none)
    call('stridedRead', 5, new Int32Array([0, 7, 3, 1]), none, none)
    const out = floats(7, 7)
    call('matmul', false, false, 2, 1, 0, 1, 1, 0, 0, 0, none, none, out)
    expect([...out]).toEqual([0, 0])
  })
})
