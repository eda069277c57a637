// The record that declares an optimizer. Groups, steps, checks and saved state follow from it.

import type { Backend } from '../backend/table.js'
import type { NumberArray } from '../base/dtype.js'
import type { HyperRecord, Settings } from './hyper.js'

/** The arguments of one call of an optimizer's kernel. All arrays but `hyper` and `step` have the parameter's length. */
export interface Update {
  readonly n: number
  readonly hyper: Float64Array
  /** The parameter's number of steps, this one included. */
  readonly step: Float64Array
  readonly gradient: NumberArray
  readonly parameter: NumberArray
  /** The arrays kept from step to step, in the order of `keeps`; empty where the settings need none. */
  readonly kept: readonly NumberArray[]
}

export interface Declaration<H extends HyperRecord> {
  readonly name: string
  /** In the order of the kernel's `hyper`. */
  readonly hyper: H
  /** The numbers after them there, which are not settings. */
  readonly constants: readonly number[]
  /** Whether saved state has each parameter's number of steps. */
  readonly counted: boolean
  /** Names of the arrays kept for each parameter, zeros at first. */
  readonly keeps: readonly string[]
  /** Whether a group of these settings keeps them. */
  readonly needs: (settings: Settings<H>) => boolean
  /** A conflict between settings that are valid one by one; null if there is none. */
  readonly conflict: (settings: Settings<H>) => string | null
  /** The one kernel call that updates a parameter. */
  readonly update: (backend: Backend, update: Update) => void
}
