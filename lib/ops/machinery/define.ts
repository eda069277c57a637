// How an op is declared: its entry in the registry and its method. apply.ts runs ops.

import { addMethod } from '../../core/methods.js'
import { type OpEntry, opEntries } from './registry.js'
import type { Sampler } from './samples.js'

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
