// A function of a matrix forward, and backward from a gradient that is given, as a layer within a network gets one. The
// gradient of the matrix is kept, and what both sides must agree on is made of it.

import { manualSeed, noGrad, randn, type Tensor } from 'blasgrad'
import type { Started, Workload } from './workloads.js'

const [rows, columns] = [4096, 1000]

function start(f: (x: Tensor) => Tensor): Started {
  manualSeed(1)
  const x = randn([rows, columns], { requiresGrad: true })
  const g = randn([rows, columns])
  return {
    tensors: { x: x.detach(), g },
    step: gradient => {
      x.zeroGrad()
      f(x).backward(gradient)
      return undefined
    },
    batches: [[g]],
    /** The sum of x.grad·g, over the rows. */
    value: () => noGrad(() => (x.grad === null ? Number.NaN : x.grad.mul(g).to('float64').sum().item() / rows)),
  }
}

/** @param f as pytorch.py has it under the same name. */
export const functionWorkload = (name: string, f: (x: Tensor) => Tensor): Workload => ({
  name,
  batch: rows,
  task: { kind: 'function', name },
  start: () => start(f),
})
