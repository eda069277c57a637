// Declares ops: adds them to the registry and to Tensor's methods. apply.ts runs them.

import { addMethod } from '../../core/methods.js'
import { type OpEntry, opEntries } from './registry.js'
import type { Sampler } from './samples.js'

/** A function over tensors that is also a method of Tensor. */
export type Method<F> = F & { readonly method: true }

/** An op as tests and methods see it. */
export interface Declaration<F> {
  readonly name: string
  readonly call: F
  readonly samples: (s: Sampler) => readonly (readonly unknown[])[]
  readonly differentiable?: boolean
  readonly smooth?: boolean
  readonly variadic?: boolean
  readonly composite?: OpEntry['composite']
}

/** Declares a function to the tests. It may run several ops. */
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
