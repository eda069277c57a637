// The native executor against the same calls run one by one by the native kernels, and against the interpreter, on
// random programs planned with and without fusion, by one thread and by two.

import { afterAll, describe, expect, test } from 'vitest'
import { chooseBackend, nativeOrReason } from '../../../lib/backend/select.js'
import { kernelNames, kernelRow } from '../../../lib/backend/table.js'
import { dump, dumpSteps } from '../../../lib/compile/dump.js'
import { interpret } from '../../../lib/compile/interpreter.js'
import { makeNativeExecutor } from '../../../lib/compile/native-executor.js'
import { isGroup, workOf } from '../../../lib/compile/plan.js'
import { makePlan } from '../../../lib/compile/planner.js'
import { setThreads } from '../../../lib/core/backend-control.js'
import { randomProgram } from '../support/random-programs.js'
import { difference, runCalls, runPlan } from '../support/run.js'

const seeds = 300
const referenceOnly = process.env.BLASGRAD_BACKEND === 'reference'

describe.skipIf(referenceOnly)('random programs', () => {
  const native = nativeOrReason()
  const threads = 'info' in native ? native.info().threads : 1
  afterAll(() => setThreads(threads))

  describe.each([1, 2])('by %i threads', count => {
    test.each([
      { fusion: false },
      { fusion: true },
      { fusion: true, limits: { leastMicros: 0, leastBytes: 0, leastStream: 0 } },
    ])('give the bits of their calls run one by one, planned with %j', options => {
      setThreads(count)
      const { kernels } = chooseBackend('native')
      let grouped = 0
      let reported = 0
      for (let seed = 0; seed < seeds; seed++) {
        const { program, runs } = randomProgram(seed)
        const planned = makePlan(program, options)
        const expected = runCalls(program, runs, kernels)
        const found = difference(runPlan(planned, makeNativeExecutor, runs), expected)
        if (found !== undefined) {
          throw new Error(`seed ${seed}: ${found}\n${dump(program)}\n--- planned\n${dumpSteps(planned.steps)}`)
        }
        grouped += planned.steps.flatMap(workOf).filter(isGroup).length
        if (expected.bad !== null) reported++
      }
      expect(reported).toBeGreaterThan(1)
      expect(grouped > 0).toBe(options.fusion)
    })
  })

  test('of exact kernels give the bits of the interpreter', () => {
    // Of 0 and −0 a reduction takes either, by the order in which it meets them.
    const exact = new Set(kernelNames.filter(name => kernelRow(name).exact && name !== 'min' && name !== 'max'))
    for (let seed = 0; seed < seeds; seed++) {
      const { program, runs } = randomProgram(seed, { allow: name => exact.has(name) })
      const planned = makePlan(program, { fusion: true })
      const found = difference(runPlan(planned, makeNativeExecutor, runs), runPlan(planned, interpret, runs))
      if (found !== undefined) throw new Error(`seed ${seed}: ${found}\n${dumpSteps(planned.steps)}`)
    }
  })
})
