// Dropout. The mask is drawn by a kernel; what it multiplies is a product like any other, gradients included.

import { ArgumentError, showValue } from '../../base/errors.js'
import { drawDropoutMask } from '../../core/random.js'
import { allocateTensor, type Tensor, type TensorLike } from '../../core/tensor.js'
import { mul } from '../arithmetic.js'
import { declareFunction } from '../machinery/define.js'
import { unify1 } from '../machinery/operands.js'

/** @throws ArgumentError unless `p` is a probability. */
export function checkProbability(owner: string, name: string, p: number): number {
  if (typeof p === 'number' && p >= 0 && p <= 1) return p
  throw new ArgumentError(`${owner}: expected ${name} to be in [0, 1], got ${showValue(p)}`)
}

/**
 * While training, each element is 0 with probability p, and 1/(1 − p) times what it was otherwise (Srivastava et al.,
 * 2014); x itself where `training` is false. Drawn from the generator that `manualSeed` sets: the same numbers on every
 * backend, eager and compiled. A compiled step draws anew at each run.
 */
export const dropout: (x: TensorLike, p?: number, training?: boolean) => Tensor = declareFunction({
  name: 'dropout',
  call: (x: TensorLike, p = 0.5, training = true) => {
    checkProbability('dropout', 'p', p)
    if (typeof training !== 'boolean') {
      throw new ArgumentError(`dropout: expected training to be true or false, got ${showValue(training)}`)
    }
    const a = unify1('dropout', x, true)
    if (!training || p === 0) return a
    const mask = allocateTensor(a.shape, a.dtype, 'dropout')
    drawDropoutMask(mask.storage, p)
    return mul(a, mask)
  },
  // Where numbers are drawn, two calls differ: test/ops/dropout.test.ts has those.
  samples: s => [
    [s.real(3, 4), 0],
    [s.real(3, 4), 1],
    [s.real(2, 3), 0.5, false],
  ],
})
