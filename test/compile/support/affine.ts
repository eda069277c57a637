// The smallest step that changes state so that its order shows.

import { compile } from '../../../lib/compile/compile.js'
import type { Tensor } from '../../../lib/index.js'

/** w ← w·a + b, exactly, in a step that gives w as it was. */
export function affine(w: Tensor) {
  return compile((a: Tensor, b: Tensor) => {
    const before = w.mul(1)
    w.assign(w.mul(a).add(b))
    return before
  })
}
