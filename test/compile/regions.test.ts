// Regions run: by one thread and by several the same, what passes in memory of its own; and malformed ones are refused.

import { afterAll, describe, expect, test } from 'vitest'
import { nativeOrReason } from '../../lib/backend/select.js'
import type { NumberArray } from '../../lib/base/dtype.js'
import { ArgumentError } from '../../lib/base/errors.js'
import { Layout } from '../../lib/base/layout.js'
import { interpret } from '../../lib/compile/interpreter.js'
import { makeNativeExecutor } from '../../lib/compile/native-executor.js'
import { isRegion, type Plan, type Region, type TaskChain } from '../../lib/compile/plan.js'
import { makePlan } from '../../lib/compile/planner.js'
import { scheduleSteps } from '../../lib/compile/schedule/schedule.js'
import { setThreads } from '../../lib/core/backend-control.js'
import { hasTwoThreads, ticksOf, workerAfter } from '../support/pool-thread.js'
import { Random } from '../support/random.js'
import { Builder } from './support/builder.js'
import { runPlan } from './support/run.js'

const { full } = Layout
const referenceOnly = process.env.BLASGRAD_BACKEND === 'reference'

/** Two layers' gradients and updates, a softmax with its backward, a chain into it: enough for each to be shared. */
function large(): { planned: Plan; runs: NumberArray[][] } {
  const random = new Random(5)
  const filled = (length: number): Float32Array => Float32Array.from({ length }, () => random.between(-0.5, 0.5))
  const b = new Builder()
  const [rows, cols] = [1203, 300]
  const [x, g, dy] = [b.argument(rows * cols), b.argument(rows * cols), b.argument(64 * 200)]
  const hyper = b.state(Float64Array.of(0.1, 0, 0.01, 0))
  const input = b.argument(64 * 333)
  const results = [b.made(rows * cols)]
  const [twice, y] = [b.made(rows * cols), b.made(rows * cols)]
  b.call('add', 1, rows * cols, full, full, x, x, twice)
  b.call('softmax', rows, cols, 1, twice, y)
  b.call('softmaxBackward', rows, cols, 1, g, y, results[0])
  for (const [left, m, right, n] of [
    [dy, 200, input, 333],
    [input, 333, dy, 200],
  ] as const) {
    const gradient = b.made(m * n)
    b.call('matmul', true, false, m, n, 64, 1, 1, full, full, full, left, right, gradient)
    b.call('sgd', m * n, hyper, gradient, b.state(filled(m * n)), b.state(new Float32Array(0)))
  }
  const [squares, total, columns] = [b.made(rows * cols), b.made(cols), b.made(rows * cols)]
  const [u, v] = [b.argument(rows * cols), b.argument(rows * cols)]
  b.call('softmax', rows, cols, 1, u, squares)
  b.call('sum', 1, rows, cols, squares, total)
  b.call('softmax', rows, cols, 1, v, columns)
  const greatest = b.made(1)
  b.call('max', 1, rows * cols, 1, columns, greatest)
  results.push(total, greatest)
  const lengths = [rows * cols, rows * cols, 64 * 200, 64 * 333, rows * cols, rows * cols]
  return {
    planned: makePlan(b.program(...results), { fusion: true }),
    runs: [lengths.map(filled), lengths.map(filled)],
  }
}

const greatest = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let most = 0
  for (let i = 0; i < a.length; i++) most = Math.max(most, Number.isNaN(a[i]) ? 1 : Math.abs(a[i] - b[i]))
  return most
}

describe.skipIf(referenceOnly)('chains', () => {
  const native = nativeOrReason()
  const before = 'info' in native ? native.info().threads : 1
  afterAll(() => setThreads(before))

  test.each([1, 2, 3])('by %i threads give what the interpreter gives, twice the same bits', threads => {
    setThreads(threads)
    const { planned, runs } = large()
    const chains = planned.steps.filter(isRegion).flatMap(region => region.chains)
    expect(chains.map(({ steps, local }) => [steps.length, local.length])).toEqual([
      [3, 2],
      [2, 1],
      [2, 1],
      [2, 1],
      [2, 1],
    ])
    const expected = runPlan(planned, interpret, runs)
    const first = runPlan(planned, makeNativeExecutor, runs)
    const second = runPlan(planned, makeNativeExecutor, runs)
    for (const what of ['results', 'state'] as const) {
      first[what].forEach((array, i) => {
        expect(greatest(array, expected[what][i])).toBeLessThan(1e-4)
        expect(array).toEqual(second[what][i])
      })
    }
  })

  test('of one executor follow a change of threads', () => {
    const { planned, runs } = large()
    const executor = makeNativeExecutor(planned)
    const results = [1, 3, 2].map(threads => {
      setThreads(threads)
      const result = new Float32Array(1203 * 300)
      executor.run(runs[0], [result, new Float32Array(300), new Float32Array(1)])
      return result
    })
    expect(greatest(results[0], results[1])).toBeLessThan(1e-6)
    expect(greatest(results[0], results[2])).toBeLessThan(1e-6)
  })

  // Not under a sanitizer: what it notes of each effect is shared by both threads.
  test.runIf(hasTwoThreads && process.env.BLASGRAD_PRELOAD === undefined)('of few long rows are shared', () => {
    const [rows, cols] = [6, 60_000]
    const b = new Builder()
    const x = b.argument(rows * cols)
    let out = x
    for (let i = 0; i < 8; i++) {
      const next = b.made(rows * cols)
      b.call('softmax', rows, cols, 1, out, next)
      out = next
    }
    const planned = makePlan(b.program(out), {
      fusion: true,
      limits: { leastMicros: 0, leastBytes: 0, leastStream: 0 },
    })
    expect(planned.steps.map(step => isRegion(step) && step.chains.map(chain => chain.rows))).toEqual([[rows], [rows]])
    const executor = makeNativeExecutor(planned)
    const given = [new Float32Array(rows * cols).fill(0.5)]
    const results = [new Float32Array(rows * cols)]
    const worker = workerAfter(() => executor.run(given, results))
    const before = ticksOf(worker)
    // As one piece they never had work for the other thread; on a busy machine it gets its turn later.
    while (ticksOf(worker) - before <= 5) executor.run(given, results)
  })
})

/** x [4, 3] → softmax → y → softmaxBackward with g → out, as a region of one chain that y passes in. */
function good(): { plan: Plan; chain: TaskChain } {
  const b = new Builder()
  const [x, g, y, out] = [b.argument(12), b.argument(12), b.made(12), b.made(12)]
  b.call('softmax', 4, 3, 1, x, y)
  b.call('softmaxBackward', 4, 3, 1, g, y, out)
  const program = b.program(out)
  const steps = scheduleSteps(program.values, [{ chains: [{ rows: 4, steps: b.calls, local: [y.value] }] }])
  const [{ chains }] = steps as [Region]
  return { plan: { program, steps, arenaBytes: 256, offsets: [0, 64, 128, 192] }, chain: chains[0] }
}

/** What is done to the plan's one chain. */
const mistakes: readonly (readonly [string, (chain: TaskChain, plan: Plan) => Plan])[] = [
  ['no chains', (_, plan) => ({ ...plan, steps: [{ chains: [] }] })],
  ['a chain without steps', (chain, plan) => ({ ...plan, steps: [{ chains: [{ ...chain, steps: [] }] }] })],
  ['rows that the steps do not have', (chain, plan) => ({ ...plan, steps: [{ chains: [{ ...chain, rows: 5 }] }] })],
  ['no rows', (chain, plan) => ({ ...plan, steps: [{ chains: [{ ...chain, rows: 0 }] }] })],
  ['what passes where rows do not', (chain, plan) => ({ ...plan, steps: [{ chains: [{ ...chain, rows: 1 }] }] })],
  [
    'chains that meet',
    ({ steps }, plan) => ({
      ...plan,
      steps: [{ chains: steps.map(step => ({ rows: 1, steps: [step], local: [] })) }],
    }),
  ],
  ['a local value that is a result', (_, plan) => ({ ...plan, program: { ...plan.program, results: [2] } })],
  ['a local value that is given', (chain, plan) => ({ ...plan, steps: [{ chains: [{ ...chain, local: [0] }] }] })],
  ['a local value that is none', (chain, plan) => ({ ...plan, steps: [{ chains: [{ ...chain, local: [9] }] }] })],
  ['a local value over another', (_, plan) => ({ ...plan, offsets: [0, 64, 128, 128] })],
  [
    'a step that reports an index',
    (chain, plan) => {
      const b = new Builder()
      const [x, ids, out] = [b.argument(4), b.argument(2, 'int32'), b.made(2)]
      b.call('take', 1, 4, 1, 2, x, ids, out)
      const steps = [{ chains: [{ ...chain, rows: 1, local: [], steps: b.calls }] }]
      return { ...plan, program: b.program(out), steps, offsets: [0, 64, 128] }
    },
  ],
]

describe.each(referenceOnly ? [interpret] : [interpret, makeNativeExecutor])('a region for %o', make => {
  test('is taken as it should be', () => {
    const { plan } = good()
    const result = new Float32Array(12)
    expect(make(plan).run([new Float32Array(12), Float32Array.from({ length: 12 }, (_, i) => i)], [result])).toBeNull()
    expect(result[0]).toBeCloseTo(-1 / 3)
  })

  test.each(mistakes)('is refused with %s', (_, spoil) => {
    const { plan, chain } = good()
    expect(() => make(spoil(chain, plan))).toThrow(ArgumentError)
  })
})
