// Plans and epochs of the executor, changed at random: each is refused by an error of the library, or runs within its own
// memory. They run in a process of their own, on arrays that end at an inaccessible page.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Layout } from '../../lib/base/layout.js'
import { makePlan } from '../../lib/compile/planner.js'
import { Builder } from '../compile/support/builder.js'
import { randomProgram } from '../compile/support/random-programs.js'
import { runs, seed } from '../support/cases.js'
import { findings, keepFinding } from './support/findings.js'
import { canGuard, GuardedProcess } from './support/guarded-process.js'

const count = runs(3000, 60_000)
const { full, scalar } = Layout

/** Plans of calls, of fused groups and of parallel regions, with arguments. */
const plans = Array.from({ length: 45 }, (_, i) => {
  const { program, runs: given } = randomProgram(100 * seed + i, { calls: 4 + i })
  const eager = { leastMicros: 0, leastBytes: 0, leastStream: 0 }
  const options = [{ fusion: false }, { fusion: true }, { fusion: true, limits: eager }]
  return { plan: makePlan(program, options[i % 3]), args: given[0] }
})

/** Epochs over four rows and their ids in batches of two, with a scheduled factor and random numbers. */
const epochs = [0, 1, 2, 3].map(i => {
  const b = new Builder()
  const [factor, generator] = [Float64Array.of(1), Int32Array.of(1, 2, 3, 4)]
  const [rows, ids] = [b.argument(4, 'float64'), b.argument(2, 'int32')]
  const table = b.state(Float64Array.from({ length: 8 }, (_, j) => j))
  const [taken, scaled, sum, others, both] = [2, 2, 1, 1, 1].map(length => b.made(length, 'float64'))
  b.call('take', 1, 8, 1, 2, table, ids, taken)
  b.call('mul', 1, 2, full, scalar, taken, b.state(factor), scaled)
  b.call('sum', 1, 2, 1, scaled, sum)
  b.call('sum', 1, 4, 1, rows, others)
  b.call('add', 1, 1, full, full, sum, others, both)
  const job = {
    sources: [Float64Array.of(0, 0, 10, 0, 20, 0, 30, 0), Int32Array.of(0, 2, 4, 6)],
    batchSize: 2,
    order: Int32Array.of(3, 0, 1, 2),
    schedule: i % 2 === 0 ? [] : [{ target: factor, at: 0, values: Float64Array.of(1, 100) }],
    generator,
    blocks: 3 * (i >> 1),
    results: [new Float64Array(2)],
    waiting: new Int32Array(1),
    stop: new Int32Array(1),
  }
  return { plan: makePlan(b.program(both), { fusion: i > 0 }), job, span: [0, 2, 0, 1e9] }
})

interface Report {
  readonly outcomes: readonly string[]
  /** How many of them ran. */
  readonly runs: number
  /** In place of these: what is no error of the library, with the plan as text and whether it ran on another thread. */
  readonly fault?: string
  readonly text: string
  readonly isApart: boolean
}

describe.skipIf(!canGuard).each([
  { kind: 'plans', bases: plans, outcomes: 30 },
  { kind: 'epochs', bases: epochs, outcomes: 30 },
])(`$kind, ${count} of seed ${seed}`, ({ kind, bases, outcomes }) => {
  const process = new GuardedProcess('plans.mjs', 256, 1 << 16)
  beforeAll(() => process.compile())
  afterAll(() => process.stop())

  const keep = (text: string, isApart: boolean): string => keepFinding(kind, 'json', JSON.stringify({ text, isApart }))

  test('the executor refuses or runs them', async () => {
    const found = await process.ask<Report>({ task: 'fuzz', bases, count, seed })
    if ('end' in found) {
      const { changes, isApart } = JSON.parse(found.next)
      const described = await process.ask<string>({ task: 'describe', bases, changes })
      const kept = 'answer' in described ? keep(described.answer, isApart) : 'nothing'
      expect.fail(`seed ${seed}, kept as ${kept}: ${found.end}`)
    }
    const { answer } = found
    if (answer.fault !== undefined) {
      expect.fail(`seed ${seed}, kept as ${keep(answer.text, answer.isApart)}: ${answer.fault}`)
    }
    // Neither all are refused at once, nor do all run.
    expect(answer.outcomes.length).toBeGreaterThan(outcomes)
    expect(answer.runs).toBeGreaterThan(count / 20)
    expect(answer.runs).toBeLessThan(count)
    console.log(`${kind}: ${answer.runs} run, ${answer.outcomes.length} outcomes`)
  })

  test('so it does what was found before', async () => {
    for (const { name, bytes } of findings(kind)) {
      const found = await process.ask<{ fault?: string }>({ task: 'replay', ...JSON.parse(bytes.toString()) })
      if ('end' in found) expect.fail(`${name}: ${found.end}`)
      if (found.answer.fault !== undefined) expect.fail(`${name}: ${found.answer.fault}`)
    }
  })
})
