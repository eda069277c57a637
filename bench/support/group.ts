// What a group of benches is: it prints its table and gives its rows for the JSON.

import type { Peers } from '../peers/peers.js'
import type { Plan } from './timing.js'

export interface Settings {
  readonly plan: Plan
  /** Everything once for a moment: sizes may be smaller, what takes long is left out. */
  readonly smoke: boolean
  readonly peers: Peers
  /** The only workload that is wanted; all by default. */
  readonly workload?: string | undefined
  /** The only kernel, in the groups that are about kernels; all by default. */
  readonly kernel?: string | undefined
}

export type Group = (settings: Settings) => Promise<readonly object[]>
