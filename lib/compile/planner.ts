// From a recorded program to a plan: the passes in order. Each is a pure function in passes/; this file only chains them.

import { assignBuffersInParts } from './memory/assignment.js'
import { finish, type Parts } from './parts.js'
import { eliminateCommonSubexpressions } from './passes/common-subexpressions.js'
import { propagateCopies } from './passes/copy-propagation.js'
import { eliminateDeadCode } from './passes/dead-code.js'
import { fuseElementwiseInParts } from './passes/elementwise-fusion.js'
import { fuseEpilogues } from './passes/epilogue-fusion.js'
import { useRowSparseUpdates } from './passes/row-sparse-updates.js'
import { convertToSsa } from './passes/ssa.js'
import type { Plan } from './plan.js'
import type { Call, Program } from './program.js'
import type { Limits } from './schedule/candidate.js'
import { formRegionsInParts } from './schedule/regions.js'
import { scheduleSteps } from './schedule/schedule.js'
import { verifyProgramInParts } from './verify/program.js'

export interface PlanOptions {
  /** Whether elementwise calls are joined into groups; without it, a plan's numbers are to the bit those of its calls. */
  readonly fusion: boolean
  /** What work is worth a parallel region; for tests. */
  readonly limits?: Limits
}

interface Pass {
  readonly name: string
  readonly run: (program: Program) => Program
}

/** Simplifications, in order. Each gives a shorter program with the same results. */
const simplifications: readonly Pass[] = [
  { name: 'SSA conversion', run: convertToSsa },
  { name: 'dead-code elimination', run: eliminateDeadCode },
  { name: 'common-subexpression elimination', run: eliminateCommonSubexpressions },
  { name: 'copy propagation', run: propagateCopies },
]

/** Fusions into kernels of their own, after those. */
const fusions: readonly Pass[] = [
  { name: 'row-sparse updates', run: useRowSparseUpdates },
  { name: 'epilogue fusion', run: fuseEpilogues },
]

export const passesFor = (fusion: boolean): readonly Pass[] =>
  fusion ? [...simplifications, ...fusions] : simplifications

/** @throws ArgumentError for a program that breaks a kernel's rules, or reads what was never written. */
export const makePlan = (program: Program, options: PlanOptions): Plan => finish(makePlanInParts(program, options))

/** The same, in parts that take a few ms each. */
export function* makePlanInParts(program: Program, { fusion, limits }: PlanOptions): Parts<Plan> {
  yield* verifyProgramInParts(program)
  let simplified = program
  for (const { run } of passesFor(fusion)) {
    yield
    simplified = run(simplified)
  }
  yield
  const steps = fusion ? yield* fuseElementwiseInParts(simplified) : simplified.calls
  yield
  const regions = fusion ? yield* formRegionsInParts(simplified, steps, limits) : steps
  yield
  const scheduled = scheduleSteps(simplified.values, regions)
  yield
  // Without fusion the steps are the program's calls.
  const made = fusion ? simplified : { ...simplified, calls: scheduled as Call[] }
  return { program: made, steps: scheduled, ...(yield* assignBuffersInParts(made, scheduled)) }
}
