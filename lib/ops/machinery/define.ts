// How an op is declared: the record of one op, and its entry in the registry. It imports no module that runs but the
// registry, so that declarations can be evaluated in any order; lib/ops/apply.ts runs ops.

import type { Backend } from '../../backend/table.js'
import type { DType, NumberArray } from '../../base/dtype.js'
import type { Shape } from '../../base/shape.js'
import type { SavedValues } from '../../core/saved.js'
import type { Storage } from '../../core/storage.js'
import type { Tensor } from '../../core/tensor.js'
import { addMethod, type OpEntry, opEntries } from './registry.js'
import type { Sampler } from './samples.js'

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

/** A function over tensors that is also a method of Tensor. */
export type Method<F> = F & { readonly method: true }

/** How the tests and the methods see an op, whatever its kind. */
export interface Declaration<F> {
  readonly name: string
  readonly call: F
  readonly samples: (s: Sampler) => readonly (readonly unknown[])[]
  readonly differentiable?: boolean
  readonly smooth?: boolean
  readonly variadic?: boolean
  readonly composite?: OpEntry['composite']
}

/** Declares a function to the tests. What it computes is one op or several. */
// biome-ignore lint/complexity/noBannedTypes: functions of any signature
export function declareFunction<F extends Function>({ name, call, samples, ...about }: Declaration<F>): F {
  const { differentiable = true, smooth = differentiable, composite } = about
  opEntries.set(name, { name, call, samples, differentiable, smooth, composite })
  return call
}

/** Declares a function that is a method as well. */
// biome-ignore lint/complexity/noBannedTypes: functions of any signature
export function declare<F extends Function>(declaration: Declaration<F>): Method<F> {
  addMethod(declaration.name, declaration.call, declaration.variadic ?? false)
  return declareFunction(declaration) as Method<F>
}
