// Tensor's methods, as types: every op declared as a method, without its first argument. At run time they are in lib/core/methods.ts.

import type * as ops from './index.js'

type Ops = typeof ops

type WithoutFirst<F> = F extends (self: never, ...rest: infer Rest) => infer Result ? (...rest: Rest) => Result : never

/** What ops add to a Tensor. scripts/package/methods.mjs writes them one by one into the published declarations. */
export type TensorMethods = {
  [K in keyof Ops as Ops[K] extends { readonly method: true } ? K : never]: WithoutFirst<Ops[K]>
}

declare module '../core/tensor.js' {
  interface Tensor extends TensorMethods {}
}
