// The backend in pure TypeScript: every kernel, for every dtype, in plain loops that compute in float64 and round when
// they store. It serves where the addon cannot load, and is the oracle that the addon is tested against; it is not
// meant to be fast beyond what V8 makes of plain loops.

import { checkerOf, writesNothing } from './lengths.js'
import { attention } from './reference/attention.js'
import { convolution } from './reference/convolution.js'
import { crossEntropy } from './reference/cross-entropy.js'
import { elementwise } from './reference/elementwise.js'
import { matrixProducts } from './reference/matmul.js'
import { movement } from './reference/movement.js'
import { norms } from './reference/norms.js'
import { optimizers } from './reference/optimizers.js'
import { pooling } from './reference/pooling.js'
import { random } from './reference/random.js'
import { recurrent } from './reference/recurrent.js'
import { reductions } from './reference/reductions.js'
import { softmax } from './reference/softmax.js'
import { parseSignature } from './signature.js'
import { type Backend, type KernelName, kernelNames, kernelRow } from './table.js'

/** The kernels without the checks: for callers whose arguments are known to be right. */
export const unchecked: Backend = {
  ...elementwise,
  ...reductions,
  ...softmax,
  ...crossEntropy,
  ...norms,
  ...attention,
  ...recurrent,
  ...matrixProducts,
  ...convolution,
  ...pooling,
  ...movement,
  ...random,
  ...optimizers,
}

function checked(name: KernelName): unknown {
  const check = checkerOf(name)
  const { reportsIndex } = parseSignature(kernelRow(name).signature)
  const run = unchecked[name] as (...args: readonly unknown[]) => unknown
  return (...args: readonly unknown[]) => {
    check(args)
    // Ids are checked even where nothing is to be written.
    if (!reportsIndex && writesNothing(name, args)) return undefined
    return run(...args)
  }
}

/** The reference backend: each method checks its arguments by the kernel's row, then computes. */
export const reference: Backend = Object.fromEntries(
  kernelNames.map(name => [name, checked(name)]),
) as unknown as Backend
