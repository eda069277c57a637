// Runs plans natively: the addon checks a plan, encodes it once, and runs it in one call (native/runtime/executor/program.h).
// What a program takes natively is freed when it is dropped, or when many others have run since, not when the garbage
// collector's finalizers run: those wait for a turn of the event loop. One that is called again is made again.

import { nativeOrReason } from '../backend/select.js'
import type { NumberArray } from '../base/dtype.js'
import { BackendError } from '../base/errors.js'
import type { BadIndex, EpochJob, EpochOutcome, EpochRuns, MakeExecutor, Plan, ThreadedExecutor } from './plan.js'

/** A program object of the addon. After `release` its other functions throw. */
interface NativeProgram extends ThreadedExecutor {
  /** Frees its memory. @returns false where it is running: nothing is freed then. */
  release(): boolean
}

/** What an executor shares with the list of all: it does not keep the executor. */
interface Cell {
  program: NativeProgram | null
  readonly bytes: number
  /** When it was used last, by the number of uses. */
  used: number
}

/** As many programs are kept, or fewer once their arenas are larger than `mostBytes`. */
const mostPrograms = 512
const fewPrograms = 32
const mostBytes = 2 ** 28

const cells = new Set<Cell>()
let bytes = 0
let uses = 0

/** How many native programs there are, and the size of their arenas; for tests. */
export const nativePrograms = (): { readonly count: number; readonly bytes: number } => ({ count: cells.size, bytes })

function free(cell: Cell): void {
  if (!cell.program?.release()) return
  cell.program = null
  cells.delete(cell)
  bytes -= cell.bytes
}

/** Frees what was used least recently, until there is room for one of `more` bytes. */
function makeRoom(more: number): void {
  if (cells.size < fewPrograms) return
  for (const cell of [...cells].sort((a, b) => a.used - b.used)) {
    if (cells.size < fewPrograms || (cells.size < mostPrograms && bytes + more <= mostBytes)) return
    free(cell)
  }
}

const collected = new FinalizationRegistry(free)

function create(plan: Plan): NativeProgram {
  const native = nativeOrReason()
  if (native instanceof BackendError) throw native
  makeRoom(plan.arenaBytes)
  try {
    return native.createProgram(plan) as NativeProgram
  } catch (error) {
    if (!(error instanceof BackendError) || cells.size === 0) throw error
    // Memory ran out: what others hold can be made again.
    for (const cell of [...cells]) free(cell)
    return native.createProgram(plan) as NativeProgram
  }
}

class NativeExecutor implements ThreadedExecutor {
  readonly #plan: Plan
  readonly #cell: Cell

  constructor(plan: Plan) {
    this.#plan = plan
    this.#cell = { program: null, bytes: plan.arenaBytes, used: 0 }
    collected.register(this, this.#cell)
    this.#program()
  }

  run(args: readonly NumberArray[], results: readonly NumberArray[]): BadIndex | null {
    const cell = this.#cell
    cell.used = uses++
    return (cell.program ?? this.#make(cell)).run(args, results)
  }

  start(args: readonly NumberArray[], done: (bad: BadIndex | Error | null, micros: number) => void): void {
    this.#program().start(args, done)
  }

  collect(results: readonly NumberArray[]): void {
    this.#program().collect(results)
  }

  createEpoch(job: EpochJob): EpochRuns {
    return new Runs(() => this.#program(), job)
  }

  release(): void {
    free(this.#cell)
  }

  #program(): NativeProgram {
    const cell = this.#cell
    cell.used = uses++
    return cell.program ?? this.#make(cell)
  }

  #make(cell: Cell): NativeProgram {
    const program = create(this.#plan)
    cell.program = program
    cells.add(cell)
    bytes += cell.bytes
    return program
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
