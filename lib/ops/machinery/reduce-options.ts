// The options of reductions: axes, and whether they are kept. Imports no op, so that every op can import it.

import { flag, type Schema } from '../../base/options.js'

export interface ReduceOptions {
  /** Leave the reduced axes in place with length 1. */
  readonly keepdims?: boolean | undefined
}

export const reduceOptions: Schema<ReduceOptions> = { keepdims: flag }

/** One axis, several, or null for all of them; an empty list is none, as in NumPy. */
export type Axis = number | readonly number[] | null
