// Every op that is declared, for the tests that are generated from them.

import type { Sampler } from './samples.js'

/** An op in the generated tests. */
export interface OpEntry {
  readonly name: string
  // biome-ignore lint/complexity/noBannedTypes: called with whatever its own samples hold
  readonly call: Function
  /** Argument lists to call it with. */
  readonly samples: (s: Sampler) => readonly (readonly unknown[])[]
  /** Has a gradient to check: false for comparisons, indices, integers. */
  readonly differentiable: boolean
  /** Has a second derivative at the samples to check. */
  readonly smooth: boolean
  /** For a fused backward kernel: the same in plain ops, with the same arguments. */
  // biome-ignore lint/complexity/noBannedTypes: as `call`
  readonly composite?: Function | undefined
}

/** The library's own ops by name. */
export const opEntries = new Map<string, OpEntry>()
