// The interpreter against the same calls run one by one on plain arrays: random programs, planned with and without fusion.

import { describe, expect, test } from 'vitest'
import { interpret } from '../../lib/compile/interpreter.js'
import { dump, dumpSteps } from '../../lib/compile/passes/dump.js'
import { isGroup } from '../../lib/compile/plan.js'
import { plan } from '../../lib/compile/planning.js'
import { randomProgram } from './support/random-programs.js'
import { difference, runCalls, runPlan } from './support/run.js'

const seeds = 400

describe.each([false, true])('random programs planned with fusion %s', fusion => {
  let grouped = 0
  let shorter = 0
  let reported = 0
  test(`give the bits of their calls run one by one, ${seeds} seeds`, () => {
    for (let seed = 0; seed < seeds; seed++) {
      const { program, runs } = randomProgram(seed)
      const planned = plan(program, { fusion })
      const expected = runCalls(program, runs)
      const actual = runPlan(planned, interpret, runs)
      const found = difference(actual, expected)
      if (found !== undefined) {
        throw new Error(`seed ${seed}: ${found}\n${dump(program)}\n--- planned\n${dumpSteps(planned.steps)}`)
      }
      grouped += planned.steps.filter(isGroup).length
      shorter += program.calls.length - planned.program.calls.length
      if (expected.bad !== null) reported++
    }
    expect(shorter).toBeGreaterThan(seeds)
    expect(reported).toBeGreaterThan(5)
    expect(grouped > 0).toBe(fusion)
  })
})
