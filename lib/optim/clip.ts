// Gradient clipping, in place. No value is read here: the norm is a tensor, the scaling a kernel.

import { ArgumentError, showValue } from '../base/errors.js'
import { Layout } from '../base/layout.js'
import { checkOptions, nonNegative, positive, type Schema } from '../base/options.js'
import { context, noGrad } from '../core/context.js'
import type { Storage } from '../core/storage.js'
import { Tensor } from '../core/tensor.js'
import { clamp, div, norm, stack, to } from '../ops/index.js'
import { isIterable } from './params.js'

export interface ClipOptions {
  /** Which norm: 2 by default; Infinity is the largest magnitude. */
  readonly normType?: number
}

const clipOptions: Schema<ClipOptions> = { normType: positive }

/** The gradients of those of `parameters` that have one, each once: what shares its elements counts once. */
function gradientsOf(op: string, parameters: Iterable<Tensor> | Tensor): Tensor[] {
  const given = parameters instanceof Tensor ? [parameters] : parameters
  if (!isIterable(given)) throw new ArgumentError(`${op}: expected a list of Tensors, got ${showValue(parameters)}`)
  const gradients = new Map<Storage, Tensor>()
  for (const parameter of given) {
    if (!(parameter instanceof Tensor)) throw new ArgumentError(`${op}: expected Tensors, got ${showValue(parameter)}`)
    const grad = Tensor.gradOf(parameter)
    if (grad !== null && grad.size > 0) gradients.set(grad.storage, grad)
  }
  return [...gradients.values()]
}

/**
 * Scales the gradients of `parameters` together, in place, so that their norm, taken as if they were one vector, is at
 * most `maxNorm`: by maxNorm / (norm + 1e-6) where that is below 1, as PyTorch does.
 * @returns the norm before, a 0-d tensor.
 */
export function clipGradNorm(
  parameters: Iterable<Tensor> | Tensor,
  maxNorm: number,
  options: ClipOptions = {},
): Tensor {
  const { normType = 2 } = checkOptions('clipGradNorm', options, clipOptions)
  checkOptions('clipGradNorm', { maxNorm }, { maxNorm: nonNegative })
  const gradients = gradientsOf('clipGradNorm', parameters)
  return noGrad(() => {
    if (gradients.length === 0) return new Tensor(0, { requiresGrad: false })
    const normOf = (values: Tensor): Tensor => norm(values, null, { ord: normType })
    const total = normOf(stack(gradients.map(normOf)))
    const factor = clamp(div(maxNorm, total.add(1e-6)), -Infinity, 1)
    for (const { size, dtype, storage } of gradients) {
      const array = storage.arrayFor('clipGradNorm')
      const scale = to(factor, dtype).storage.array
      context.backend.mul(1, size, Layout.full, Layout.scalar, array, scale, array)
      storage.version++
    }
    return total
  })
}

/** Limits each element of each gradient to [−maxValue, maxValue], in place. */
export function clipGradValue(parameters: Iterable<Tensor> | Tensor, maxValue: number): void {
  checkOptions('clipGradValue', { maxValue }, { maxValue: nonNegative })
  for (const { size, storage } of gradientsOf('clipGradValue', parameters)) {
    const array = storage.arrayFor('clipGradValue')
    context.backend.clamp(1, size, Layout.full, -maxValue, maxValue, array, array)
    storage.version++
  }
}
