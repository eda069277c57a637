// The error for an id out of range, which the kernel that uses the ids reports by its position.

import { IndexError } from '../../base/errors.js'
import { context } from '../../core/context.js'
import type { Tensor } from '../../core/tensor.js'

/**
 * Throws IndexError if `bad`, what a kernel just returned, is a position and not −1. While a step is recorded nothing is
 * known yet: the recording keeps the words.
 * @param what the ids are: `index`, `class id`.
 * @param of what there are `n` of: `rows`, `classes`.
 */
export function checkIds(op: string, bad: number, ids: Tensor, n: number, what = 'index', of = 'rows'): void {
  const describe = (id: number, position: number): IndexError =>
    new IndexError(`${op}: ${what} ${id} at position ${position} is out of range for ${n} ${of}`)
  if (context.recording !== null) context.recording.onBadIndex(describe)
  else if (bad >= 0) throw describe(ids.storage.array[bad], bad)
}
