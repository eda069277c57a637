// A recorded program on its way to an executor: planned where it is first needed at once, or before with turns of the
// event loop between, since a long program takes a while.

import { inTurns, type Parts } from './parts.js'
import type { Executor, MakeExecutor, Plan } from './plan.js'
import { makePlanInParts, type PlanOptions } from './planner.js'
import type { Program } from './program.js'

interface Made {
  readonly plan: Plan
  readonly executor: Executor
}

function* make(program: Program, options: PlanOptions, makeExecutor: MakeExecutor): Parts<Made> {
  const plan = yield* makePlanInParts(program, options)
  yield
  return { plan, executor: makeExecutor(plan) }
}

export class LazyPlan {
  readonly #parts: Parts<Made>
  readonly #failed: () => void
  #made: Made | undefined
  #error: { readonly error: unknown } | undefined

  /** @param failed called once if planning throws. */
  constructor(program: Program, options: PlanOptions, makeExecutor: MakeExecutor, failed: () => void) {
    this.#parts = make(program, options, makeExecutor)
    this.#failed = failed
  }

  /** Whether nothing is left to be done: it is planned, or cannot be. */
  get isReady(): boolean {
    return this.#made !== undefined || this.#error !== undefined
  }

  /** Whether making it threw. */
  get hasFailed(): boolean {
    return this.#error !== undefined
  }

  /** Frees what the executor has taken, as far as it is made. */
  release(): void {
    this.#made?.executor.release?.()
  }

  /** What came of it; what is left is done now. @throws what planning threw, each time. */
  get made(): Made {
    while (!this.isReady) this.#next()
    if (this.#made === undefined) throw this.#error?.error
    return this.#made
  }

  /** Does what is left in turns of the event loop. Never rejects: `made` throws. */
  async prepare(): Promise<void> {
    if (!this.isReady) await inTurns(() => this.isReady || this.#next())
  }

  #next(): boolean {
    try {
      const { done, value } = this.#parts.next()
      if (done === true) this.#made = value
    } catch (error) {
      this.#error = { error }
      this.#failed()
    }
    return this.isReady
  }
}
