// The record of one op, as types: what ops declare, what is saved for backward, and what the walk reads.

import type { Backend } from '../backend/table.js'
import type { DType, NumberArray } from '../base/dtype.js'
import type { Shape } from '../base/shape.js'
import type { SavedValues } from './saved.js'
import type { Storage } from './storage.js'
import type { Tensor } from './tensor.js'

/** What an op will make, decided from shapes and dtypes before any kernel runs. */
export interface Plan {
  readonly shape: Shape
  readonly dtype: DType
  /** A result that shares an input's elements. */
  readonly storage?: Storage
  /** Further arrays that forward fills, for backward to read. */
  readonly extras?: readonly { readonly shape: Shape; readonly dtype: DType }[]
}

/**
 * The gradient of input `i`, given the result's gradient `g`. `g` has the result's number of axes, and 1 along an axis
 * where it repeats; what is returned may be 1 likewise.
 */
export type Vjp<P> = (g: Tensor, saved: SavedValues<P>, i: number) => Tensor | null

/** What an op keeps for backward. `others`: an input only if another one wants a gradient, as a product does. */
export type Saves = 'nothing' | 'inputs' | 'output' | 'both' | 'others'

/** The record of one op. */
export interface Primitive<P, Q extends Plan = Plan> {
  readonly name: string
  /** Checks the inputs and says what will be made. */
  readonly plan: (inputs: readonly Tensor[], params: P) => Q
  /** Fills `out` (and the extras) by kernels. Not called for a result that shares an input's storage. */
  readonly forward: (
    kernels: Backend,
    out: NumberArray,
    inputs: readonly Tensor[],
    params: P,
    plan: Q,
    extras: readonly Tensor[],
  ) => void
  readonly saves: Saves
  /** One for all inputs, or one for each. */
  readonly vjp?: Vjp<P> | readonly Vjp<P>[]
  /** In place of `vjp`, where one formula gives the gradients of all inputs together: it runs once a walk. */
  readonly vjps?: (g: Tensor, saved: SavedValues<P>) => readonly (Tensor | null)[]
  /** The same in plain ops, used where the result must be differentiable: for ops that are themselves gradients. */
  readonly composite?: (inputs: readonly Tensor[], params: P) => Tensor
}
