// Programs run without a plan, each value an array of its own, each call a call of a backend; and plans run
// by an executor, so that the two outcomes can be compared.

import { reference } from '../../../lib/backend/reference.js'
import type { Backend } from '../../../lib/backend/table.js'
import type { NumberArray } from '../../../lib/base/dtype.js'
import { elementTypeOf } from '../../../lib/compile/analysis/effects.js'
import type { MakeExecutor, Plan } from '../../../lib/compile/plan.js'
import { type Call, isReference, type Program, signatureOf } from '../../../lib/compile/program.js'
import { zeros } from './builder.js'

/** What runs leave: the last results, the state, and which recorded call reported a bad index. */
export interface Outcome {
  readonly results: readonly NumberArray[]
  readonly state: readonly NumberArray[]
  readonly bad: { readonly source: number | undefined; readonly position: number; readonly id: number } | null
}

const garbage = (array: NumberArray): NumberArray => array.fill(array instanceof Uint8Array ? 0xee : Number.NaN)

/** Puts the program's state back as it was; what it became is in the outcome. */
function keepingState(program: Program, run: (results: NumberArray[]) => Outcome['bad']): Outcome {
  const state = program.values.flatMap(({ origin }) => (origin.kind === 'state' ? [origin.array] : []))
  const before = state.map(array => array.slice())
  const results = program.results.map(id => garbage(zeros(program.values[id].dtype, program.values[id].length)))
  try {
    const bad = run(results)
    return { results, state: state.map(array => array.slice()), bad }
  } finally {
    for (const [i, array] of state.entries()) array.set(before[i])
  }
}

/** Runs one call; returns the bad index that it reports. */
function runCall(backend: Backend, { values }: Program, arrays: readonly NumberArray[], call: Call): Outcome['bad'] {
  const parameters = signatureOf(call.kernel).args
  const args = parameters.map(({ role }, at) => {
    const argument = call.args[at]
    if (isReference(argument)) return arrays[argument.value]
    return role === 'in' || role === 'inout' ? zeros(elementTypeOf(values, call), 0) : argument
  })
  const position = (backend[call.kernel] as (...args: unknown[]) => unknown)(...args)
  if (typeof position !== 'number' || position === -1) return null
  const ids = args[parameters.findIndex(({ element }) => element === 'int32')] as Int32Array
  return { source: call.source, position, id: ids[position] }
}

/** Call by call on plain arrays, once for each list of arguments. */
export function runCalls(
  program: Program,
  runs: readonly (readonly NumberArray[])[],
  backend: Backend = reference,
): Outcome {
  return keepingState(program, results => {
    for (const given of runs) {
      const arrays = program.values.map(({ dtype, length, origin }) => {
        if ('array' in origin) return origin.array
        return origin.kind === 'argument' ? given[origin.slot].slice() : garbage(zeros(dtype, length))
      })
      for (const call of program.calls) {
        const bad = runCall(backend, program, arrays, call)
        if (bad !== null) return bad
      }
      for (const [i, id] of program.results.entries()) results[i].set(arrays[id])
    }
    return null
  })
}

/** By an executor of the plan. */
export function runPlan(plan: Plan, make: MakeExecutor, runs: readonly (readonly NumberArray[])[]): Outcome {
  const executor = make(plan)
  return keepingState(plan.program, results => {
    for (const given of runs) {
      const bad = executor.run(given, results)
      if (bad === null) continue
      const step = plan.steps[bad.step]
      return { source: 'source' in step ? step.source : undefined, position: bad.position, id: bad.id }
    }
    return null
  })
}

/** What differs between two outcomes, in words; undefined where nothing does. Any NaN is like any other. */
export function difference(actual: Outcome, expected: Outcome): string | undefined {
  if (JSON.stringify(actual.bad) !== JSON.stringify(expected.bad)) {
    return `expected ${JSON.stringify(expected.bad)} to be reported, got ${JSON.stringify(actual.bad)}`
  }
  for (const kind of ['results', 'state'] as const) {
    const at = expected[kind].findIndex((array, i) => !array.every((x, j) => Object.is(x, actual[kind][i][j])))
    if (at !== -1) return `${kind} ${at}: expected ${expected[kind][at]}, got ${actual[kind][at]}`
  }
  return undefined
}
