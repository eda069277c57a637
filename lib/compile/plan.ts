// A program made ready to run: its steps in order and where each value lies. What planning gives and an executor takes.

import type { KernelName } from '../backend/table.js'
import type { NumberArray } from '../base/dtype.js'
import type { Layout } from '../base/layout.js'
import type { Call, ElementType, Program } from './program.js'

/** An operand of a group's member: a value, laid over the group's grid, or what an earlier member just made. */
export type Operand = { readonly value: number; readonly layout: Layout } | { readonly member: number }

/** One elementwise kernel within a group. */
export interface Member {
  readonly kernel: KernelName
  /** The element type that its signature calls T; members of one group may differ. */
  readonly dtype: ElementType
  /** In the order of the signature, as are the operands. */
  readonly scalars: readonly number[]
  readonly operands: readonly Operand[]
  /** The value that it fills (full over the grid), or null where only later members of the group read it. */
  readonly out: number | null
}

/**
 * Elementwise calls run together over one grid rows × cols, tile by tile: what one member makes stays in the first-level
 * cache until the next has read it. What a member writes may be where an operand at full layout was, of the same size:
 * that operand is read by that member (where its row says `inPlace`) or by earlier ones only.
 */
export interface Group {
  readonly rows: number
  readonly cols: number
  readonly members: readonly Member[]
}

/** What an executor needs to partition a piece of work and to share it among threads; it checks that this is safe. */
export interface Schedule {
  /** How many rows ranges can be done of, apart from each other; 0: it is done whole. */
  readonly rows: number
  /** The position of the size that counts them; −1: those of a grid, all its points where no operand is row or column. */
  readonly axis: number
  /** The arguments of which row i needs the i-th part only, bit j for argument j; 0 over a grid, where layouts say so. */
  readonly along: number
  /** The estimated duration on one thread, in µs. */
  readonly micros: number
}

/** What runs one after another. Without a schedule it is done whole, by one thread. */
export type Work = (Call | Group) & { readonly schedule?: Schedule }

/**
 * Work that goes row by row: any range of its rows can be done apart from the others, in order, since a later step needs
 * of what an earlier one wrote the same rows only. So each range is done by one thread, while it is in that thread's
 * cache. With one row it is done whole.
 */
export interface TaskChain {
  readonly rows: number
  readonly steps: readonly Work[]
  /** Values that nobody else reads: each range of rows may have its own in memory that is used again and again. */
  readonly local: readonly number[]
}

/** Task chains that run concurrently: none writes what another reads or writes. */
export interface Region {
  readonly chains: readonly TaskChain[]
}

export type Step = Work | Region

export interface Plan {
  readonly program: Program
  readonly steps: readonly Step[]
  /** The size of the one block of memory that a run works in. */
  readonly arenaBytes: number
  /** Where in it each value begins, in bytes, a multiple of 64; −1 for state, constants and what no step stores. */
  readonly offsets: readonly number[]
}

export const isGroup = (step: Step): step is Group => 'members' in step
export const isRegion = (step: Step): step is Region => 'chains' in step

/** The calls and groups of a step, in an order that they may be run in. */
export const workOf = (step: Step): readonly Work[] =>
  isRegion(step) ? step.chains.flatMap(chain => chain.steps) : [step]

/** A class id or row index out of range: which step reported it, and its position among the ids. */
export interface BadIndex {
  readonly step: number
  readonly position: number
  /** The id itself. */
  readonly id: number
}

/** Runs one plan. */
export interface Executor {
  /**
   * Copies the arguments in, runs every step, copies the results out.
   * @param args an array for each slot, of the argument's type and length.
   * @param results an array for each result, likewise; untouched where an index is bad.
   * @returns null, or the first bad index; what later steps would have written is then as it was.
   */
  run(args: readonly NumberArray[], results: readonly NumberArray[]): BadIndex | null
  /** Frees its memory now, unless it is running; a later run takes it again. */
  release?(): void
}

/** Many runs of one plan: run i takes the rows `order[i · batchSize]` and on of each source. */
export interface EpochJob {
  /** For each slot, an array of its type: rows of its length over `batchSize`. */
  readonly sources: readonly NumberArray[]
  readonly batchSize: number
  readonly order: Int32Array
  /** What is written to state before run i: element i of `values`. */
  readonly schedule: readonly ScheduledNumber[]
  /** What random kernels read, moved on after each run by `blocks`, if any. */
  readonly generator: NumberArray
  readonly blocks: number
  /** For each result, of one element, an array of one for each run. */
  readonly results: readonly NumberArray[]
  /** Two numbers that may change at any time: how many steps wait, and whether to stop after the run in progress. */
  readonly waiting: Int32Array
  readonly stop: Int32Array
}

/** A number of an array of float64 that has another value in each run. */
export interface ScheduledNumber {
  readonly target: NumberArray
  readonly at: number
  readonly values: Float64Array
}

/** What came of some runs: `next` is the first that is not over; it met `bad`, if anything. */
export interface EpochOutcome {
  readonly next: number
  readonly bad: BadIndex | null
  readonly micros: number
}

/** The runs `from` … `to` − 1, or those of them that `most` µs have time for (`least` where a step waits): one at least. */
export interface EpochRuns {
  /** In place. */
  run(from: number, to: number, least: number, most: number): EpochOutcome
  /** Apart; all memory must be fixed. `done` is called later, from the event loop; with an error where memory ran out. */
  start(from: number, to: number, least: number, most: number, done: (outcome: EpochOutcome | Error) => void): void
}

/** An executor that can also run on a thread of its own, one run at a time of all of them. */
export interface ThreadedExecutor extends Executor {
  /**
   * Copies the arguments in and runs apart; `done` is called later, from the event loop, with an error where memory ran
   * out. State must not be detached.
   */
  start(args: readonly NumberArray[], done: (bad: BadIndex | Error | null, micros: number) => void): void
  /** Copies the results of the last run out. */
  collect(results: readonly NumberArray[]): void
  /** @throws ArgumentError for a job that does not fit the plan. */
  createEpoch(job: EpochJob): EpochRuns
}

export const isThreaded = (executor: Executor): executor is ThreadedExecutor => 'start' in executor

/** What makes executors: the native one or the reference interpreter. @throws ArgumentError for a malformed plan. */
export type MakeExecutor = (plan: Plan) => Executor
