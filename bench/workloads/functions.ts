// Runs a function of a matrix forward, and backward from a given gradient, as for a layer within a network. The value that
// contestants must agree on derives from the matrix's gradient.

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
    /** The sum of x.grad·g divided by the rows. */
    value: () => noGrad(() => (x.grad === null ? Number.NaN : x.grad.mul(g).to('float64').sum().item() / rows)),
  }
}

/** @param f the function that pytorch.py defines under the same name. */
export const functionWorkload = (name: string, f: (x: Tensor) => Tensor): Workload => ({
  name,
  batch: rows,
  task: { kind: 'function', name },
  start: () => start(f),
})
