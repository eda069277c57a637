// What an epoch on its way works with, as types.

import type { Programs } from './programs.js'
import type { Rates } from './rates.js'
import type { Results } from './results.js'
import type { Stopping } from './stopping.js'

export interface Epoch {
  readonly programs: Programs
  readonly rates: Rates
  readonly stopping: Stopping
  /** How many batches there are, where that is known. */
  readonly batches: number | undefined
  /** Some batches more are over. */
  tick(results: Results): void
}
