// Every op that is defined, for the tests that are generated from them, and the methods that Tensors get from them.
// It imports no module that runs, so that it is there before any op is.

import type { Sampler } from './samples.js'

/** What the generated tests know of an op. */
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

/** The prototype behind Tensor's own. */
export const methods: Record<string, unknown> = {}

/** Makes `call` a method, `this` being its first argument. `variadic`: takes any number after it. */
// biome-ignore lint/complexity/noBannedTypes: methods of any signature
export function addMethod(name: string, call: Function, variadic: boolean): void {
  const method = variadic
    ? function (this: unknown, ...rest: unknown[]) {
        return call(this, ...rest)
      }
    : function (this: unknown, b: unknown, c: unknown) {
        return call(this, b, c)
      }
  Object.defineProperty(methods, name, { value: method, writable: true, configurable: true, enumerable: false })
}
