// Runs plans natively: the addon checks a plan, encodes it once, and runs it in one call (native/runtime/executor/program.h).
// When its memory is freed, and made again, is the business of native-programs.ts.

import type { NumberArray } from '../base/dtype.js'
import { NativeCell, type NativeProgram } from './native-programs.js'
import type { BadIndex, EpochJob, EpochOutcome, EpochRuns, MakeExecutor, Plan, ThreadedExecutor } from './plan.js'

const collected = new FinalizationRegistry<NativeCell>(cell => cell.free())

class NativeExecutor implements ThreadedExecutor {
  /** It does not keep the executor: the list of all programs keeps the cell. */
  readonly #cell: NativeCell

  constructor(plan: Plan) {
    this.#cell = new NativeCell(plan)
    collected.register(this, this.#cell)
    // A plan is refused now.
    this.#cell.program
  }

  run(args: readonly NumberArray[], results: readonly NumberArray[]): BadIndex | null {
    return this.#cell.program.run(args, results)
  }

  start(args: readonly NumberArray[], done: (bad: BadIndex | Error | null, micros: number) => void): void {
    this.#cell.program.start(args, done)
  }

  collect(results: readonly NumberArray[]): void {
    this.#cell.program.collect(results)
  }

  createEpoch(job: EpochJob): EpochRuns {
    // The runs keep the executor: a finalizer would free the program meanwhile.
    return new Runs(() => this.#cell.program, job)
  }

  release(): void {
    this.#cell.free()
  }
}

/** Runs of an epoch, made again where their program was. */
class Runs implements EpochRuns {
  readonly #program: () => NativeProgram
  readonly #job: EpochJob
  #made: { readonly program: NativeProgram; readonly runs: EpochRuns }

  constructor(program: () => NativeProgram, job: EpochJob) {
    this.#program = program
    this.#job = job
    this.#made = this.#make(program())
  }

  run(from: number, to: number, least: number, most: number): EpochOutcome {
    return this.#runs().run(from, to, least, most)
  }

  start(...args: Parameters<EpochRuns['start']>): void {
    this.#runs().start(...args)
  }

  #runs(): EpochRuns {
    const program = this.#program()
    if (program !== this.#made.program) this.#made = this.#make(program)
    return this.#made.runs
  }

  #make(program: NativeProgram) {
    return { program, runs: program.createEpoch(this.#job) }
  }
}

/** @throws ArgumentError for a malformed plan; BackendError where the addon did not load, or memory ran out. */
export const makeNativeExecutor: MakeExecutor = plan => new NativeExecutor(plan)
