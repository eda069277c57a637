// BLASGRAD_CHECK=1: whether an op that takes probabilities was given logits, of which it makes plausible numbers.

import { isChecking } from '../../base/checking.js'
import { CheckError } from '../../base/errors.js'
import { context } from '../../core/context.js'
import type { Tensor } from '../../core/tensor.js'

/** Rounding may bring a softmax this far beyond 1. */
const slack = 1e-3

/** @throws CheckError for an element outside [0, 1]. While a step is recorded there are no elements. */
export function checkProbabilities(op: string, { storage }: Tensor): void {
  if (!isChecking || context.recording !== null) return
  const array = storage.arrayFor(op)
  const at = array.findIndex(value => value < 0 || value > 1 + slack)
  if (at === -1) return
  throw new CheckError(
    `check: ${op}: expected probabilities in [0, 1], got ${array[at]} at ${at}: ` +
      'softmax makes them of logits, and nn.functional.crossEntropy takes logits',
  )
}
