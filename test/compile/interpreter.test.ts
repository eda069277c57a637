// The interpreter against the same calls run one by one on plain arrays: random programs, planned with and without fusion.

import { describe, expect, test } from 'vitest'
import { dump, dumpSteps } from '../../lib/compile/dump.js'
import { interpret } from '../../lib/compile/interpreter.js'
import { isGroup, isRegion, workOf } from '../../lib/compile/plan.js'
import { makePlan } from '../../lib/compile/planner.js'
import { randomProgram } from './support/random-programs.js'
import { difference, runCalls, runPlan } from './support/run.js'

const seeds = 400

describe.each([
  { fusion: false },
  { fusion: true },
  { fusion: true, limits: { leastMicros: 0, leastBytes: 0, leastStream: 0 } },
])('random programs planned with %j', options => {
  let grouped = 0
  let beside = 0
  let shorter = 0
  let reported = 0
  test(`give the bits of their calls run one by one, ${seeds} seeds`, () => {
    for (let seed = 0; seed < seeds; seed++) {
      const { program, runs } = randomProgram(seed)
      const planned = makePlan(program, options)
      const expected = runCalls(program, runs)
      const actual = runPlan(planned, interpret, runs)
      const found = difference(actual, expected)
      if (found !== undefined) {
        throw new Error(`seed ${seed}: ${found}\n${dump(program)}\n--- planned\n${dumpSteps(planned.steps)}`)
      }
      grouped += planned.steps.flatMap(workOf).filter(isGroup).length
      beside += planned.steps.filter(isRegion).length
      shorter += program.calls.length - planned.program.calls.length
      if (expected.bad !== null) reported++
    }
    expect(shorter).toBeGreaterThan(seeds)
    expect(reported).toBeGreaterThan(1)
    expect(grouped > 0).toBe(options.fusion)
    expect(beside > 200).toBe('limits' in options)
  })
})
