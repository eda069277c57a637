// The native epoch by itself: what it gathers, writes and counts; and that what does not fit is refused.

import { describe, expect, test } from 'vitest'
import { arrayOf, type DType, type NumberArray } from '../../../lib/base/dtype.js'
import { ArgumentError } from '../../../lib/base/errors.js'
import { Layout } from '../../../lib/base/layout.js'
import { makeNativeExecutor } from '../../../lib/compile/native-executor.js'
import { type EpochJob, type EpochOutcome, isThreaded, type ThreadedExecutor } from '../../../lib/compile/plan.js'
import { makePlan } from '../../../lib/compile/planner.js'
import { fixedArray } from '../../../lib/core/storage.js'
import { Builder } from '../support/builder.js'

const referenceOnly = process.env.BLASGRAD_BACKEND === 'reference'
const { full } = Layout

function fixed(dtype: DType, values: readonly number[]): NumberArray {
  const array = fixedArray(arrayOf(dtype), values.length)
  array.set(values)
  return array
}

/** Sums what `take` gives of a table of 8 for the ids of a batch of 2, times the state `scale`. */
function program(scale = fixed('float64', [1])): ThreadedExecutor {
  const b = new Builder()
  const [rows, ids, table] = [
    b.argument(4, 'float64'),
    b.argument(2, 'int32'),
    b.state(fixed('float64', [...Array(8).keys()])),
  ]
  const [taken, scaled, sum, sumOfRows, both] = [2, 2, 1, 1, 1].map(length => b.made(length, 'float64'))
  b.call('take', 1, 8, 1, 2, table, ids, taken)
  b.call('mul', 1, 2, full, Layout.scalar, taken, b.state(scale), scaled)
  b.call('sum', 1, 2, 1, scaled, sum)
  b.call('sum', 1, 4, 1, rows, sumOfRows)
  b.call('add', 1, 1, full, full, sum, sumOfRows, both)
  const executor = makeNativeExecutor(makePlan(b.program(both), { fusion: true }))
  if (!isThreaded(executor)) throw new TypeError('expected a native executor')
  return executor
}

const scale = fixed('float64', [1])

/** Four rows [10 i, 0] with the ids 0, 2, 4, 6, in the order 3, 0, 1, 2: two runs. */
const job = (changes: Partial<Record<keyof EpochJob, unknown>> = {}): EpochJob =>
  ({
    sources: [fixed('float64', [0, 0, 10, 0, 20, 0, 30, 0]), fixed('int32', [0, 2, 4, 6])],
    batchSize: 2,
    order: Int32Array.of(3, 0, 1, 2),
    schedule: [{ target: scale, at: 0, values: Float64Array.of(1, 100) }],
    generator: fixed('int32', [1, 2, 0xffffffff, 5]),
    blocks: 3,
    results: [fixed('float64', [0, 0])],
    waiting: fixed('int32', [0]),
    stop: fixed('int32', [0]),
    ...changes,
  }) as EpochJob

const start = (runs: ReturnType<ThreadedExecutor['createEpoch']>, from: number, to: number): Promise<EpochOutcome> =>
  new Promise((resolve, reject) =>
    runs.start(from, to, 0, 1e9, outcome => (outcome instanceof Error ? reject(outcome) : resolve(outcome))),
  )

describe.skipIf(referenceOnly)('the native epoch', () => {
  test('gathers rows, sets what is scheduled, counts random words, in place and apart', async () => {
    for (const run of [
      async (runs: ReturnType<ThreadedExecutor['createEpoch']>) => runs.run(0, 2, 0, 1e9),
      (runs: ReturnType<ThreadedExecutor['createEpoch']>) => start(runs, 0, 2),
    ]) {
      scale.fill(1)
      const given = job()
      const outcome = await run(program(scale).createEpoch(given))
      expect(outcome).toEqual({ next: 2, bad: null, micros: expect.any(Number) })
      expect([...given.results[0]]).toEqual([30 + 0 + 6 + 0, 10 + 20 + 100 * (2 + 4)])
      expect(scale[0]).toBe(100)
      // 2³² − 1 + 6, with its carry.
      expect([...given.generator]).toEqual([1, 2, 5, 6])
    }
  })

  test('stops where it is told: by time, by a step that waits, at once', () => {
    const many = { order: new Int32Array(200_000), schedule: [], results: [fixed('float64', Array(100_000).fill(0))] }
    const next = (changes: object, least: number, most: number): number =>
      program(scale)
        .createEpoch(job({ ...many, ...changes }))
        .run(0, 100_000, least, most).next
    expect(next({}, 0, 0)).toBe(1)
    expect(next({ waiting: fixed('int32', [2]) }, 0, 1e9)).toBe(1)
    expect(next({ stop: fixed('int32', [1]) }, 1e9, 1e9)).toBe(1)
    expect(next({}, 0, 1e9)).toBe(100_000)
    const some = next({ waiting: fixed('int32', [1]) }, 200, 1e9)
    expect(some).toBeGreaterThan(1)
    expect(some).toBeLessThan(100_000)
  })

  test('a bad index ends it: its number of the schedule is taken back, its words are not counted', async () => {
    const bad = { sources: [fixed('float64', Array(8).fill(0)), fixed('int32', [0, 2, 9, 6])] }
    for (const apart of [false, true]) {
      scale.fill(7)
      const given = job(bad)
      const runs = program(scale).createEpoch(given)
      const outcome = apart ? await start(runs, 0, 2) : runs.run(0, 2, 0, 1e9)
      expect(outcome).toMatchObject({ next: 1, bad: { position: 1, id: 9 } })
      expect(scale[0]).toBe(1)
      expect(given.generator[3]).toBe(6)
      expect(given.generator[2]).toBe(2)
    }
  })

  test('large rows come whole', () => {
    const b = new Builder()
    const [rows, sum] = [b.argument(40_000, 'float64'), b.made(1, 'float64')]
    b.call('sum', 1, 40_000, 1, rows, sum)
    const executor = makeNativeExecutor(makePlan(b.program(sum), { fusion: true })) as ThreadedExecutor
    const source = fixed(
      'float64',
      Array.from({ length: 100_000 }, (_, i) => Math.floor(i / 10_000) + (i % 2)),
    )
    const order = Int32Array.of(9, 3, 3, 0, 1, 2, 5, 6)
    const results = [fixed('float64', [0, 0])]
    executor.createEpoch(job({ sources: [source], batchSize: 4, order, schedule: [], results })).run(0, 2, 0, 1e9)
    expect([...results[0]]).toEqual([15e4 + 2e4, 14e4 + 2e4])
  })

  test.each<[string, Partial<Record<keyof EpochJob, unknown>>]>([
    ['too few arrays of rows', { sources: [fixed('float64', [0, 0])] }],
    ['arrays that are none', { sources: [[0, 0], fixed('int32', [0])] }],
    ['no list of arrays', { sources: null }],
    ['rows of another type', { sources: [fixed('float32', Array(8).fill(0)), fixed('int32', [0, 2, 4, 6])] }],
    ['half a row', { sources: [fixed('float64', Array(9).fill(0)), fixed('int32', [0, 2, 4, 6])] }],
    ['a batch of none', { batchSize: 0 }],
    ['a batch size that is no number', { batchSize: '2' }],
    ['a batch size that does not fit', { batchSize: 3, order: Int32Array.of(0, 1, 2) }],
    ['a batch size that leaves rows over', { order: Int32Array.of(0, 1, 2) }],
    ['a row beyond the last', { order: Int32Array.of(3, 0, 1, 4) }],
    ['a row beyond the last of one of them', { sources: [fixed('float64', Array(8).fill(0)), fixed('int32', [0, 2])] }],
    ['a row before the first', { order: Int32Array.of(3, 0, 1, -1) }],
    ['an order of another type', { order: Float64Array.of(0, 1) }],
    ['a schedule that is none', { schedule: 3 }],
    ['an entry of a schedule that is none', { schedule: [null] }],
    ['too few values', { schedule: [{ target: scale, at: 0, values: Float64Array.of(1) }] }],
    ['values of another type', { schedule: [{ target: scale, at: 0, values: Float32Array.of(1, 2) }] }],
    ['an element that there is not', { schedule: [{ target: scale, at: 1, values: Float64Array.of(1, 2) }] }],
    ['an element before the first', { schedule: [{ target: scale, at: -1, values: Float64Array.of(1, 2) }] }],
    [
      'a target of another type',
      { schedule: [{ target: fixed('float32', [1]), at: 0, values: Float64Array.of(1, 2) }] },
    ],
    ['a generator that is none', { generator: null }],
    ['a short generator', { generator: fixed('int32', [1, 2, 3]) }],
    ['blocks that are no number', { blocks: -1 }],
    ['results that are too short', { results: [fixed('float64', [0])] }],
    ['results of another type', { results: [fixed('float32', [0, 0])] }],
    ['too many results', { results: [fixed('float64', [0, 0]), fixed('float64', [0, 0])] }],
    ['no number of those that wait', { waiting: undefined }],
    ['a stop of another type', { stop: fixed('float32', [0]) }],
  ])('%s is refused', (_, changes) => {
    expect(() => program().createEpoch(job(changes))).toThrow(ArgumentError)
    expect(() => program().createEpoch(job(changes))).toThrow(/^epoch: expected /)
  })

  test('results that are no scalars are refused', () => {
    const b = new Builder()
    const [rows, ids, out] = [b.argument(4, 'float64'), b.argument(2, 'int32'), b.made(4, 'float64')]
    b.call('neg', 1, 4, full, rows, out)
    b.call('take', 1, 4, 1, 2, rows, ids, b.made(2, 'float64'))
    const executor = makeNativeExecutor(makePlan(b.program(out), { fusion: false })) as ThreadedExecutor
    expect(() => executor.createEpoch(job())).toThrow('epoch: expected results of one element')
  })

  test('runs that there are not, and times that are none', () => {
    const runs = program().createEpoch(job())
    const wrong: unknown[][] = [
      [],
      [0, 3, 0, 0],
      [1, 1, 0, 0],
      [2, 3, 0, 0],
      [-1, 1, 0, 0],
      [0, 1, 'x', 0],
      [0, 1, 0, -1],
    ]
    wrong.push([0, 1, Number.NaN, 0], [0.5, 1, 0, 0])
    for (const args of wrong) {
      expect(() => (runs.run as (...args: unknown[]) => unknown)(...args)).toThrow(ArgumentError)
      expect(() => (runs.start as (...args: unknown[]) => unknown)(...args, () => {})).toThrow(ArgumentError)
    }
    expect(() => (runs.start as (...args: unknown[]) => unknown)(0, 1, 0, 0)).toThrow('a function to call')
    expect(() => program().createEpoch(null as never)).toThrow('epoch: expected a job, got null')
  })

  test('memory that can be detached: in place only, and while it is there', () => {
    const source = new Float64Array(8)
    const runs = program().createEpoch(job({ sources: [source, fixed('int32', [0, 2, 4, 6])] }))
    expect(() => runs.start(0, 1, 0, 0, () => {})).toThrow('epoch: expected memory that is shared')
    expect(runs.run(0, 1, 0, 0).next).toBe(1)
    structuredClone(source, { transfer: [source.buffer] })
    expect(() => runs.run(0, 1, 0, 0)).toThrow('where they were')
  })

  test('a program that runs is not run, nor its other epochs', async () => {
    const executor = program()
    const [one, other] = [executor.createEpoch(job()), executor.createEpoch(job())]
    const running = start(one, 0, 2)
    expect(() => other.run(0, 2, 0, 1e9)).toThrow('expected a program that is not running')
    expect(() => executor.run([new Float64Array(4), new Int32Array(2)], [new Float64Array(1)])).toThrow('not running')
    expect(() =>
      program()
        .createEpoch(job())
        .start(0, 2, 0, 0, () => {}),
    ).toThrow('one program at a time')
    await running
    expect(other.run(0, 2, 0, 1e9).next).toBe(2)
  })
})
