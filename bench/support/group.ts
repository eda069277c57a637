// The interface of a group of benches: it prints its tables and returns its rows for the report.

import type { Peers } from '../peers/peers.js'
import type { Plan } from './timing.js'

export interface Settings {
  readonly plan: Plan
  /** Run everything once for a moment, with smaller sizes and without long calls. */
  readonly smoke: boolean
  readonly peers: Peers
  /** Run this workload only. */
  readonly workload?: string | undefined
  /** Run this kernel only, in the groups about kernels. */
  readonly kernel?: string | undefined
}

export type Group = (settings: Settings) => Promise<readonly object[]>
