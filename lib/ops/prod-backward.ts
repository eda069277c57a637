// The gradient of a product: for each element the product of all the others, right where some are 0.

import { eye } from '../core/creation.js'
import type { Primitive } from '../core/primitive.js'
import type { Tensor } from '../core/tensor.js'
import { mul } from './arithmetic.js'
import { apply } from './machinery/apply.js'
import { declareFunction } from './machinery/define.js'
import { aroundRun, type Run, withOnes } from './machinery/runs.js'
import { where } from './selecting.js'
import { reshape } from './shaping.js'

const op: Primitive<Run> = {
  name: 'prodBackward',
  saves: 'nothing',
  plan: ([, a]) => ({ shape: a.shape, dtype: a.dtype }),
  forward: (k, out, [g, a], run) => {
    const { outer, n, inner } = aroundRun(a.shape, run)
    k.prodBackward(outer, n, inner, g.storage.array, a.storage.array, out)
  },
  composite: ([g, a], run) => composite(g, a, run),
}

/** Every element beside n − 1 copies of its line, its own place held by 1: n² numbers, for second derivatives only. */
function composite(g: Tensor, a: Tensor, run: Run): Tensor {
  const { outer, n, inner } = aroundRun(a.shape, run)
  const lines = reshape(a, [outer, 1, n, inner])
  const own = reshape(eye(n, n, { dtype: 'bool' }), [n, n, 1])
  const others = where(own, 1, lines).prod(2)
  return reshape(mul(reshape(g, [outer, 1, inner]), others), a.shape)
}

/** g · (product of the others along the run), of a's shape; g has 1 along the run. */
export const prodBackward: (g: Tensor, a: Tensor, run: Run) => Tensor = declareFunction({
  name: 'prodBackward',
  call: (g: Tensor, a: Tensor, run: Run) => apply(op, [g.expand(withOnes(a.shape, run)), a], run),
  composite: (g: Tensor, a: Tensor, run: Run) => composite(g, a, run),
  samples: s => [
    [s.real(2, 1, 4), s.real(2, 3, 4), [1, 1]],
    [s.real(1, 1), s.real(3, 2), [0, 2]],
    [s.real(4, 1), s.real(4, 5), [1, 1]],
  ],
})
