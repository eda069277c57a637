// The option captures of compile: tensors from outside that a function may read and write.

import { isArray } from '../base/containers.js'
import { ArgumentError, showValue } from '../base/errors.js'
import { Tensor } from '../core/tensor.js'

/** @throws ArgumentError unless it is a list of tensors. */
export function checkCaptures(captures: unknown): asserts captures is readonly Tensor[] {
  if (!isArray(captures)) throw new ArgumentError(`compile: expected captures to be a list, got ${showValue(captures)}`)
  // findIndex visits holes, too.
  const at = captures.findIndex(capture => !(capture instanceof Tensor))
  if (at === -1) return
  throw new ArgumentError(`compile: expected captures to hold tensors, got ${showValue(captures[at])} at ${at}`)
}
