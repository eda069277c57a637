// A candidate for a task chain, and the limits of what is worth scheduling concurrently, as types.

import type { TaskChain } from '../plan.js'

/** From which sizes on concurrency pays. */
export interface Limits {
  /** Work of less than this, in µs, is not worth a second thread. */
  readonly leastMicros: number
  /** A product of less than this many bytes stays in the first-level cache until the next step: no chain is needed. */
  readonly leastBytes: number
  /** The same for any other result, in the second-level cache. */
  readonly leastStream: number
}

/** A chain, or a step that may become part of one. */
export interface Candidate extends TaskChain {
  readonly reads: ReadonlySet<number>
  readonly writes: ReadonlySet<number>
  readonly micros: number
  /** Whether it may run concurrently with others. */
  readonly joins: boolean
}
