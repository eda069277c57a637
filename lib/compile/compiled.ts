// A recorded program with all that running it needs, as types.

import type { DType, NumberArray } from '../base/dtype.js'
import type { Shape } from '../base/shape.js'
import type { Storage } from '../core/storage.js'
import type { Executor, Plan } from './plan.js'
import type { Program } from './program.js'
import type { Recorder } from './recorder.js'

/** One recorded kind of call. */
export interface Compiled {
  readonly program: Program
  /** LazyPlan now, if it is not yet; so is the executor. @throws ArgumentError where the program is malformed. */
  readonly plan: Plan
  readonly executor: Executor
  /** Whether both are there. */
  readonly isReady: boolean
  /** Plans in turns of the event loop; resolves when `isReady`, also where planning fails: `plan` then throws. */
  prepare(): Promise<void>
  /** Whether making either has failed: for lack of memory, say. */
  readonly hasFailed: boolean
  /** Frees the executor's memory, where there is one; a later run takes it again. */
  release(): void
  /** Whether the executor has a thread of its own. */
  readonly isThreaded: boolean
  readonly results: readonly { readonly shape: Shape; readonly dtype: DType }[]
  /**
   * Memory for the results of few elements, null for the others: the arrays that the engine keeps in its own heap would
   * be moved out of it to be written natively, which takes longer than copying them.
   */
  readonly small: readonly (NumberArray | null)[]
  /** What the function returned, its tensors to be replaced. */
  readonly resultTree: unknown
  /** Its structure, as text. */
  readonly resultKey: string
  /** The storages of state that a run writes. */
  readonly written: readonly Storage[]
  /** All storages from outside that a run uses. */
  readonly uses: readonly Storage[]
  /** Whether none of them can be detached: it may then run on another thread. */
  readonly isFixed: boolean
  /** How long a run takes, in µs, as far as is known. */
  micros: number
  /** How many blocks of random words a run draws. */
  readonly blocks: number
  readonly recorder: Recorder
  /** Sets every `.grad` as the function leaves it. */
  adopt(): void
}
