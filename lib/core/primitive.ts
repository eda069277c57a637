// The record of one op, as types: what ops declare, what is saved for backward, and what the walk reads.

import type { Backend } from '../backend/table.js'
import type { DType, NumberArray } from '../base/dtype.js'
import type { Shape } from '../base/shape.js'
import type { SavedValues } from './saved.js'
import type { Storage } from './storage.js'
import type { Tensor } from './tensor.js'

/** One result of an op, known from shapes and dtypes before any kernel runs. */
export interface Result {
  readonly shape: Shape
  readonly dtype: DType
  /** Elements that are there already: those of an input that the result shares. By default memory is allocated. */
  readonly elements?: Storage
}

/** The results of an op: the first one, and those after it. */
export interface Plan extends Result {
  readonly more?: readonly Result[]
  /** How many results are differentiable: the first ones. 1 by default. */
  readonly differentiable?: number
}

/**
 * The gradient of input `i`, given the result's gradient `g`. `g` has the result's number of axes, and length 1 along an
 * axis where it repeats. What is returned may repeat likewise.
 */
export type Vjp<P> = (g: Tensor, saved: SavedValues<P>, i: number) => Tensor | null

/**
 * The gradients of all inputs, given those of the differentiable results. A result that nothing used has the gradient
 * undefined. Inputs that are not `required` need none: null will do.
 */
export type JointVjp<P> = (
  gs: readonly (Tensor | undefined)[],
  saved: SavedValues<P>,
  required: readonly boolean[],
) => readonly (Tensor | null)[]

/**
 * What an op keeps for backward, beside results that are not differentiable. `others`: an input only if another input
 * requires a gradient, as a product does. `output`: the differentiable results.
 */
export type Saves = 'nothing' | 'inputs' | 'output' | 'both' | 'others'

/** The record of one op. */
export interface Primitive<P, Q extends Plan = Plan> {
  readonly name: string
  /** Checks the inputs and gives the shapes and dtypes of the results. */
  readonly plan: (inputs: readonly Tensor[], params: P) => Q
  /** Fills `out` and the further results by kernels. Not called where the first result has its elements. */
  readonly forward: (
    kernels: Backend,
    out: NumberArray,
    inputs: readonly Tensor[],
    params: P,
    plan: Q,
    more: readonly Tensor[],
  ) => void
  readonly saves: Saves
  /** For one differentiable result. */
  readonly vjp?: Vjp<P>
  /** In place of `vjp`: for several differentiable results, or where inputs share work. Called once a walk. */
  readonly jointVjp?: JointVjp<P>
  /**
   * For an op that is itself a gradient: the same results in plain ops, used where they must be differentiable. Results
   * that are never differentiated may be left out.
   */
  readonly composite?: (inputs: readonly Tensor[], params: P) => Tensor | readonly Tensor[]
}
