// An executor that looks at everything before it lets another run: each step against the reference, the plan against the
// recorded calls, and afterwards the run against its own steps one by one. What is found names where to look.

import type { NumberArray } from '../../base/dtype.js'
import { CheckError } from '../../base/errors.js'
import { dumpValue } from '../dump.js'
import { interpret } from '../interpreter.js'
import {
  type BadIndex,
  type Executor,
  isGroup,
  type MakeExecutor,
  type Plan,
  type Step,
  type Work,
  workOf,
} from '../plan.js'
import type { Call, Program } from '../program.js'
import { Apart } from './apart.js'
import { firstDifference, largest } from './close.js'
import { describeWork, StepsAlone } from './steps.js'

export interface Checked {
  /** As it was recorded. */
  readonly program: Program
  readonly plan: Plan
  /** Which op a recorded call belongs to. */
  readonly opOf: (call: Call) => string | undefined
}

/** What a run leaves: results in order, state by the array where it lies. */
interface Left {
  readonly bad: { readonly id: number; readonly position: number } | null
  readonly results: readonly NumberArray[]
  readonly state: ReadonlyMap<NumberArray, NumberArray>
}

const left = (apart: Apart, results: readonly number[], bad: BadIndex | null): Left => ({
  bad: bad && { id: bad.id, position: bad.position },
  results: results.map(id => apart.array(id)),
  state: new Map([...apart.state()].map(([array, id]) => [array, apart.array(id)])),
})

/**
 * Wraps what `make` makes of the plan. It runs in place. @throws CheckError, from `run`, for the first thing that differs;
 * before anything was written, unless it is the run as a whole that differs from its steps.
 */
export function checkedExecutor(make: MakeExecutor, { program, plan, opOf }: Checked): Executor {
  const executor = make(plan)
  const opOfWork = (work: Work): string | undefined => {
    const call = isGroup(work) || work.source === undefined ? undefined : program.calls[work.source]
    return call && opOf(call)
  }
  const alone = new StepsAlone(plan, make, describeWork(opOfWork))
  const planned = reference(plan.program, plan.steps)
  const recorded = reference(program, program.calls)
  return {
    run(args, results) {
      const bad = alone.run(args)
      compare('planned, it gives', planned(args), 'recorded', recorded(args), plan)
      const steps = left(alone.own, plan.program.results, bad)
      const reported = executor.run(args, results)
      const state = new Map([...steps.state.keys()].map(array => [array, array]))
      const whole = { bad: reported && { id: reported.id, position: reported.position }, results, state }
      compare('run as a whole, it gives', whole, 'its steps one by one', steps, plan)
      return reported
    },
  }
}

/**
 * Runs steps by the reference, each value in an array of its own. A region's chains run one after another: the values that
 * they pass row by row have arrays here, too.
 */
function reference(program: Program, steps: readonly Step[]): (args: readonly NumberArray[]) => Left {
  const apart = new Apart(program)
  const executor = interpret(apart.plan(steps.flatMap(workOf)))
  return args => {
    apart.fill(args)
    return left(apart, program.results, executor.run([], []))
  }
}

function compare(how: string, actual: Left, than: string, expected: Left, { program }: Plan): void {
  const differs = (what: string, is: unknown, was: unknown): never => {
    throw new CheckError(`check: ${how} another ${what} than ${than}: ${is}, expected ${was}`)
  }
  const [is, was] = [actual.bad, expected.bad].map(bad => JSON.stringify(bad))
  if (is !== was) differs('bad index', is, was)
  const compareArrays = (what: string, a: NumberArray, e: NumberArray): void => {
    const at = firstDifference(a, e, largest(e))
    if (at !== -1) differs(`${what}, element ${at}`, a[at], e[at])
  }
  for (const { origin, ...value } of program.values) {
    if (origin.kind !== 'state') continue
    const [a, e] = [actual.state.get(origin.array), expected.state.get(origin.array)]
    if (a !== undefined && e !== undefined) compareArrays(`state, ${dumpValue({ origin, ...value })}`, a, e)
  }
  if (actual.bad !== null) return
  for (const [i, array] of actual.results.entries()) {
    compareArrays(`result ${i}, ${dumpValue(program.values[program.results[i]])}`, array, expected.results[i])
  }
}
