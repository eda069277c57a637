// Schedules that would have ranges touch each other's memory are refused natively; so are rules of kernels that the
// addon's signatures do not bear out.

import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { loadNative } from '../../../lib/backend/load.js'
import type { Addon } from '../../../lib/backend/native.js'
import { type Facts, facts, type KernelFacts } from '../../../lib/backend/rules/facts.js'
import { ArgumentError, BackendError, showValue } from '../../../lib/base/errors.js'
import { makeNativeExecutor } from '../../../lib/compile/native-executor.js'
import type { Plan, Schedule, Work } from '../../../lib/compile/plan.js'
import { scheduleSteps } from '../../../lib/compile/schedule/schedule.js'
import { Builder } from '../support/builder.js'

const referenceOnly = process.env.BLASGRAD_BACKEND === 'reference'

/** Softmax of [4, 3], a product [4, 2] of it, the sum of its column, a sum of two: each with its schedule. */
function good(): Omit<Plan, 'steps'> & { readonly steps: readonly Work[] } {
  const b = new Builder()
  const [x, weight, y, product, total, twice] = [b.argument(12), b.argument(6), ...[12, 8, 2, 8].map(n => b.made(n))]
  b.call('softmax', 4, 3, 1, x, y)
  b.call('matmul', false, false, 4, 2, 3, 1, 1, 0, 0, 0, y, weight, product)
  b.call('sum', 1, 4, 2, product, total)
  b.call('add', 1, 8, 0, 0, product, product, twice)
  const program = b.program(total, twice)
  const steps = scheduleSteps(program.values, b.calls) as Work[]
  return { program, steps, arenaBytes: 384, offsets: [0, 64, 128, 192, 256, 320] }
}

const spoilt = (at: number, change: Partial<Schedule>): Plan => {
  const plan = good()
  const steps = plan.steps.map((step, i) =>
    i === at ? { ...step, schedule: { ...(step.schedule as Schedule), ...change } } : step,
  )
  return { ...plan, steps }
}

describe.skipIf(referenceOnly)('schedules', () => {
  test('say rows, axis and arguments by the kernel', () => {
    expect(good().steps.map(({ schedule }) => schedule)).toEqual([
      { rows: 4, axis: 0, along: 0b11000, micros: 96 / 16_000 },
      { rows: 4, axis: 2, along: 1 << 12, micros: 48 / 80_000 },
      { rows: 4, axis: 1, along: 0b1000, micros: 40 / 16_000 },
      { rows: 8, axis: -1, along: 0, micros: 96 / 16_000 },
    ])
    expect(makeNativeExecutor(good())).toBeDefined()
  })

  test.each<[string, number, Partial<Schedule>]>([
    ['rows that the axis does not count', 0, { rows: 3 }],
    ['an axis within rows', 0, { axis: 1, rows: 3 }],
    ['an axis that is no size', 0, { axis: 3 }],
    ['an axis beyond the arguments', 0, { axis: 19 }],
    ['what is written and does not go along', 0, { along: 0b01000 }],
    ['an argument beyond all', 0, { along: 0b111000 }],
    ['columns of a product', 1, { axis: 3, rows: 2 }],
    ['a factor that goes along', 1, { along: (1 << 12) | (1 << 11) }],
    ['rows of a product that it does not have', 1, { rows: 8 }],
    ['a reduction whose output goes along', 2, { along: 0b11000 }],
    ['a reduction along what it keeps', 2, { axis: 2, rows: 2 }],
    ['points that a grid does not have', 3, { rows: 4 }],
    ['rows that are no number', 3, { rows: -1 }],
  ])('%s', (_, at, change) => {
    expect(() => makeNativeExecutor(spoilt(at, change))).toThrow(ArgumentError)
  })
})

describe.skipIf(referenceOnly)('rules that are attached', () => {
  const attach = (rules: unknown): void => {
    const addon = createRequire(import.meta.url)(loadNative().path) as Addon
    addon.attach(ArgumentError, BackendError, showValue, rules as Facts)
  }
  const changed = (name: string, change: Partial<KernelFacts>): unknown => {
    const { rates, kernels } = facts()
    return { rates, kernels: { ...kernels, [name]: { ...kernels[name], ...change } } }
  }

  test('are the same for everyone in the process', () => {
    attach(facts())
    expect(() => attach(changed('softmax', { along: 0 }))).toThrow(ArgumentError)
    expect(() => attach(changed('matmul', { flops: 3 }))).toThrow(/rules that this process has attached/)
    expect(() => attach({ rates: {}, kernels: {} })).toThrow(/flopsPerMicro/)
    expect(() => attach({ ...facts(), kernels: {} })).toThrow(/rules for/)
  })
})
