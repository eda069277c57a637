// From a recorded program to a plan: the passes in order. Each is a pure function in passes/; this file only chains them.

import { finish, type Parts } from './parts.js'
import { updateByRows } from './passes/by-rows.js'
import { forwardCopies } from './passes/copies.js'
import { eliminateDeadCalls } from './passes/eliminate.js'
import { endProducts } from './passes/endings.js'
import { fuseInParts } from './passes/fuse.js'
import { mergeEqualCalls } from './passes/merge.js'
import { placeInParts } from './passes/place.js'
import { nameEachWrite } from './passes/rename.js'
import type { Limits } from './passes/strand.js'
import { runTogetherInParts } from './passes/together.js'
import { validateInParts } from './passes/validate.js'
import type { Plan } from './plan.js'
import type { Program } from './program.js'

export interface PlanOptions {
  /** Whether elementwise calls are joined into groups; without it, a plan's numbers are to the bit those of its calls. */
  readonly fusion: boolean
  /** What work is worth putting side by side; for tests. */
  readonly limits?: Limits
}

interface Pass {
  readonly name: string
  readonly run: (program: Program) => Program
}

/** What turns a program into a shorter one with the same results, in order. */
const passes: readonly Pass[] = [
  { name: 'one name per write', run: nameEachWrite },
  { name: 'dead calls out', run: eliminateDeadCalls },
  { name: 'equal calls merged', run: mergeEqualCalls },
  { name: 'copies out', run: forwardCopies },
]

/** What puts one kernel in the place of others, after those. */
const joining: readonly Pass[] = [
  { name: 'updates by rows', run: updateByRows },
  { name: 'products with what follows', run: endProducts },
]

export const passesFor = (fusion: boolean): readonly Pass[] => (fusion ? [...passes, ...joining] : passes)

/** @throws ArgumentError for a program that breaks a kernel's rules, or reads what was never written. */
export const plan = (program: Program, options: PlanOptions): Plan => finish(planInParts(program, options))

/** The same, in parts that take a few ms each. */
export function* planInParts(program: Program, { fusion, limits }: PlanOptions): Parts<Plan> {
  yield* validateInParts(program)
  let shortened = program
  for (const { run } of passesFor(fusion)) {
    yield
    shortened = run(shortened)
  }
  yield
  const steps = fusion ? yield* fuseInParts(shortened) : shortened.calls
  yield
  const planned = fusion ? yield* runTogetherInParts(shortened, steps, limits) : steps
  yield
  return { program: shortened, steps: planned, ...(yield* placeInParts(shortened, planned)) }
}
