// The native executor on plans made by hand: what a run computes, what is refused, and what a program leaves behind. How
// it fares on random programs is in native-programs.test.ts.

import { spawnSync } from 'node:child_process'
import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { loadNative } from '../../../lib/backend/load.js'
import type { Backend } from '../../../lib/backend/table.js'
import { bytesOf } from '../../../lib/base/dtype.js'
import { ArgumentError } from '../../../lib/base/errors.js'
import { Layout } from '../../../lib/base/layout.js'
import { makeNativeExecutor } from '../../../lib/compile/native-executor.js'
import type { Member, Operand, Plan, Step } from '../../../lib/compile/plan.js'
import { Random } from '../../support/random.js'
import { Builder } from '../support/builder.js'

const { full, scalar, row, column } = Layout
const referenceOnly = process.env.BLASGRAD_BACKEND === 'reference'

/** A plan of these steps: every value that needs a place has one of its own. */
function planOf(b: Builder, steps: readonly Step[], results: readonly { readonly value: number }[] = []): Plan {
  let arenaBytes = 0
  const offsets = b.values.map(({ dtype, length, origin }) => {
    if ('array' in origin) return -1
    const offset = arenaBytes
    arenaBytes += Math.ceil((length * bytesOf(dtype)) / 64) * 64
    return offset
  })
  return { program: b.program(...results), steps, arenaBytes, offsets }
}

function random(length: number, seed = 1): Float32Array {
  const source = new Random(seed)
  return Float32Array.from({ length }, () => source.between(-2, 2))
}

const member = (kernel: Member['kernel'], operands: readonly Operand[], out: number | null = null): Member => ({
  kernel,
  dtype: 'float32',
  scalars: [],
  operands,
  out,
})

describe.skipIf(referenceOnly)('the native executor', () => {
  const native = referenceOnly ? undefined : loadNative()
  const kernels = native?.backend as Backend
  const path = native?.path as string

  test('copies arguments in and results out, and updates state in place', () => {
    const b = new Builder()
    const [param, velocity] = [random(5), new Float32Array(5)]
    const gradient = b.argument(5)
    const doubled = b.made(5)
    const hyper = b.constant(Float64Array.of(0.1, 0.9, 0, 0))
    const state = b.state(param)
    b.call('add', 1, 5, full, full, gradient, gradient, doubled)
    b.call('sgd', 5, hyper, doubled, state, b.state(velocity))
    const executor = makeNativeExecutor(planOf(b, b.calls, [doubled, state]))
    const [expected, expectedVelocity] = [param.slice(), new Float32Array(5)]
    for (const seed of [2, 3]) {
      const given = random(5, seed)
      const twice = given.map(x => 2 * x)
      kernels.sgd(5, Float64Array.of(0.1, 0.9, 0, 0), twice, expected, expectedVelocity)
      const results = [new Float32Array(5), new Float32Array(5)]
      expect(executor.run([given], results)).toBeNull()
      expect(results).toEqual([twice, expected])
      expect([param, velocity]).toEqual([expected, expectedVelocity])
    }
  })

  test.each([
    [1, 1],
    [1, 1000],
    [700, 1],
    [90, 3],
    [40, 100],
    [5, 200],
    [3, 600],
  ])('groups over %i × %i, operands in every layout', (rows, cols) => {
    const points = rows * cols
    const lengths = { [full]: points, [scalar]: 1, [row]: cols, [column]: rows }
    for (const layout of [full, scalar, row, column]) {
      for (const other of [full, scalar, row, column]) {
        const b = new Builder()
        const [x, y] = [random(lengths[layout], 4), random(lengths[other], 5)]
        const [a, c] = [b.state(x), b.argument(y.length)]
        const out = b.made(points)
        const mask = b.made(points, 'uint8')
        const ofA: Operand = { ...a, layout }
        const ofC: Operand = { ...c, layout: other }
        const members: Member[] = [
          member('mul', [ofA, ofC]),
          { ...member('greater', [ofA, { member: 0 }], mask.value) },
          { ...member('leakyRelu', [{ member: 0 }]), scalars: [0.25] },
          member('where', [{ member: 1 }, { member: 2 }, ofC], out.value),
        ]
        const executor = makeNativeExecutor(planOf(b, [{ rows, cols, members }], [out, mask]))
        const results = [new Float32Array(points), new Uint8Array(points)] as const
        executor.run([y], results)

        const made = [0, 1, 2].map(() => new Float32Array(points))
        const expectedMask = new Uint8Array(points)
        kernels.mul(rows, cols, layout, other, x, y, made[0])
        kernels.greater(rows, cols, layout, full, x, made[0], expectedMask)
        kernels.leakyRelu(rows, cols, full, 0.25, made[0], made[1])
        kernels.where(rows, cols, full, full, other, expectedMask, made[1], y, made[2])
        expect(results[1]).toEqual(expectedMask)
        expect(results[0]).toEqual(made[2])
      }
    }
  })

  test('a group of two element types, and one that writes where it has read', () => {
    const b = new Builder()
    const [x, d] = [random(300), Float64Array.from(random(300, 7))]
    const [a, wide] = [b.state(x.slice()), b.state(d.slice())]
    const steps: Step[] = [
      {
        rows: 3,
        cols: 100,
        members: [
          member('exp', [{ ...a, layout: full }]),
          { ...member('neg', [{ ...wide, layout: full }], wide.value), dtype: 'float64' },
          member('add', [{ member: 0 }, { ...a, layout: full }], a.value),
        ],
      },
    ]
    const results = [new Float32Array(300), new Float64Array(300)]
    makeNativeExecutor(planOf(b, steps, [a, wide])).run([], results)
    const expected = new Float32Array(300)
    kernels.exp(3, 100, full, x, expected)
    kernels.add(3, 100, full, full, expected, x, expected)
    expect(results).toEqual([expected, d.map(value => -value)])
  })

  test('reports a bad index, with what later steps would have written as it was', () => {
    const b = new Builder()
    const counter = Float32Array.of(0)
    const after = Float32Array.of(7, 7)
    const ids = b.argument(2, 'int32')
    const one = b.constant(Float32Array.of(1))
    const count = b.state(counter)
    const table = b.constant(Float32Array.of(10, 20, 30))
    const out = b.state(after)
    b.call('add', 1, 1, full, full, count, one, count)
    b.call('take', 1, 3, 1, 2, table, ids, out)
    b.call('neg', 1, 2, full, out, out)
    const executor = makeNativeExecutor(planOf(b, b.calls, [out]))
    const results = [Float32Array.of(1, 2)]
    expect(executor.run([Int32Array.of(1, 3)], results)).toEqual({ step: 1, position: 1, id: 3 })
    expect([counter[0], ...after, ...results[0]]).toEqual([1, 7, 7, 1, 2])
    expect(executor.run([Int32Array.of(1, 2)], results)).toBeNull()
    expect([counter[0], ...after, ...results[0]]).toEqual([2, -20, -30, -20, -30])
  })

  test('refuses arguments, results and state that are not what the plan says', () => {
    const b = new Builder()
    const state = new Float32Array(new ArrayBuffer(400))
    const [x, y] = [b.argument(2), b.made(2)]
    b.call('neg', 1, 2, full, x, y)
    b.call('add', 1, 2, full, full, b.state(state), y, y)
    const executor = makeNativeExecutor(planOf(b, b.calls, [y]))
    const run =
      (...args: readonly unknown[]) =>
      () =>
        (executor.run as (...args: readonly unknown[]) => unknown)(...args)
    const [good, out] = [Float32Array.of(1, 2), new Float32Array(2)]
    const expected = 'run: expected argument 0 to be Float32Array(2), got'
    expect(run([], [out])).toThrow(new ArgumentError(`${expected} undefined`))
    expect(run([new Float32Array(3)], [out])).toThrow(new ArgumentError(`${expected} Float32Array(3)`))
    expect(run([new Int32Array(2)], [out])).toThrow(new ArgumentError(`${expected} Int32Array(2)`))
    expect(run()).toThrow(ArgumentError)
    expect(run([good], [new Float64Array(2)])).toThrow(
      'run: expected result 0 to be Float32Array(2), got Float64Array(2)',
    )
    expect([...out]).toEqual([0, 0])
    expect(run([good], [out])()).toBeNull()
    structuredClone(state, { transfer: [state.buffer] })
    expect(run([good], [out])).toThrow(/detached or resized/)
  })

  test('memory does not grow over 100,000 runs', () => {
    const b = new Builder()
    const [x, y] = [b.argument(64), b.made(64)]
    b.call('exp', 1, 64, full, x, y)
    const executor = makeNativeExecutor(planOf(b, b.calls, [y]))
    const [args, results] = [[random(64)], [new Float32Array(64)]]
    const run = (times: number): number => {
      for (let i = 0; i < times; i++) executor.run(args, results)
      return process.memoryUsage().rss
    }
    const before = run(50_000)
    expect(run(100_000) - before).toBeLessThan(8 << 20)
  })

  // A program over an arena of 4 MB, in JavaScript that knows the addon alone.
  const source = `
    const addon = require(path)
    addon.attach(class extends Error {}, class extends Error {}, String)
    const program = () => addon.createProgram({
      program: {
        values: [
          { id: 0, dtype: 'float32', length: 1 << 20, origin: { kind: 'argument', slot: 0 } },
          { id: 1, dtype: 'float32', length: 1, origin: { kind: 'state', array: new Float32Array(1) } },
        ],
        results: [1],
      },
      steps: [{ kernel: 'sum', args: [1, 1 << 20, 1, { value: 0 }, { value: 1 }] }],
      arenaBytes: 4 << 20,
      offsets: [0, -1],
    })
    const ones = new Float32Array(1 << 20).fill(1)
    const sum = ({ run }) => { const out = new Float32Array(1); run([ones], [out]); return out[0] }`

  test('runs in several worker threads at once, and ends with them', async () => {
    const work = `
      const { parentPort, workerData: path } = require('node:worker_threads')
      ${source}
      const made = program()
      let total = 0
      for (let i = 0; i < 30; i++) total += sum(made)
      parentPort.postMessage(total)`
    const answers = [1, 2, 3, 4].map(
      () =>
        new Promise((resolve, reject) => {
          const worker = new Worker(work, { eval: true, workerData: path })
          worker.once('message', resolve)
          worker.once('error', reject)
        }),
    )
    expect(await Promise.all(answers)).toEqual(Array(4).fill(30 * 2 ** 20))
  })

  test('the garbage collector frees arenas', () => {
    const script = `
      const path = ${JSON.stringify(path)}
      ${source}
      const kept = program()
      const turn = () => new Promise(setImmediate)
      const main = async () => {
        for (let i = 0; i < 5; i++) sum(program())
        gc()
        await turn()
        const before = process.memoryUsage()
        for (let i = 0; i < 200; i++) {
          if (sum(program()) !== 1 << 20) throw new Error('sum')
          if (i % 20 === 19) { gc(); await turn() }
        }
        gc()
        await turn()
        const after = process.memoryUsage()
        if (sum(kept) !== 1 << 20) throw new Error('kept')
        console.log((after.rss - before.rss) / 2 ** 20, (after.external - before.external) / 2 ** 20)
      }
      main()`
    const child = spawnSync(process.execPath, ['--expose-gc', '-e', script], { encoding: 'utf8' })
    expect(child.stderr).toBe('')
    const [resident, external] = child.stdout.trim().split(' ').map(Number)
    // 200 arenas would be 800 MB.
    expect(resident).toBeLessThan(120)
    expect(external).toBeLessThan(20)
  })
})
