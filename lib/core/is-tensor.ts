// Whether a value is a tensor, asked of anything.

import { Tensor } from './tensor.js'

/** instanceof, but false for a revoked proxy, of which nothing can be asked. */
export function isTensor(value: unknown): value is Tensor {
  try {
    return value instanceof Tensor
  } catch {
    return false
  }
}
