// The one list of kernels. The Backend interface, the recorder, the length checks, the addon's signatures and the tests
// are all derived from these rows; nothing else lists kernels.

import type { Kernel, Method } from './signature.js'
import { attentionKernels } from './table/attention.js'
import { convolutionKernels } from './table/convolution.js'
import { elementwiseKernels } from './table/elementwise.js'
import { matmulKernels } from './table/matmul.js'
import { movementKernels } from './table/movement.js'
import { normKernels } from './table/norms.js'
import { optimizerKernels } from './table/optimizers.js'
import { randomKernels } from './table/random.js'
import { recurrentKernels } from './table/recurrent.js'
import { reductionKernels } from './table/reductions.js'
import { rowwiseKernels } from './table/rowwise.js'

export const kernels = {
  ...elementwiseKernels,
  ...reductionKernels,
  ...rowwiseKernels,
  ...normKernels,
  ...attentionKernels,
  ...recurrentKernels,
  ...matmulKernels,
  ...convolutionKernels,
  ...movementKernels,
  ...randomKernels,
  ...optimizerKernels,
}

export type KernelName = keyof typeof kernels
export const kernelNames: readonly KernelName[] = Object.keys(kernels) as KernelName[]

type Methods = { readonly [K in KernelName]: Method<(typeof kernels)[K]['signature']> }

/**
 * What computes: a flat set of functions over sizes, scalars and typed arrays, each given the arrays it writes. It knows
 * nothing of tensors, shapes or gradients, allocates nothing and keeps no state. All arrays of a call that the signature
 * calls T have one element type. Sizes and lengths are checked before anything is written.
 */
export interface Backend extends Methods {}

/** The row of a kernel, untyped by its name. */
export const kernelRow = (name: KernelName): Kernel => kernels[name]

/** The elementwise kernel whose output has the elements of its operand. */
export const copyingKernel = kernelNames.find(name => kernelRow(name).copies === true) as KernelName
