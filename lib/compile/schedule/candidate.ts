// A chain to be, and what work is worth putting side by side, as types.

import type { TaskChain } from '../plan.js'

/** What is worth the trouble. */
export interface Limits {
  /** Work of less than this, in µs, is not worth another thread's attention. */
  readonly leastMicros: number
  /** A product of less than this, which fits a first-level cache, is there anyway when the next step comes. */
  readonly leastBytes: number
  /** So is any other result of less than this, which fits a second-level cache. */
  readonly leastStream: number
}

/** A chain to be, or a step that stays by itself. */
export interface Candidate extends TaskChain {
  readonly reads: ReadonlySet<number>
  readonly writes: ReadonlySet<number>
  readonly micros: number
  /** Whether it may run beside others. */
  readonly joins: boolean
}
