// Gradient clipping, in place. No value is read here: the norm is a tensor, the scaling a kernel.

import { Layout } from '../backend/signature.js'
import { context, noGrad } from '../context.js'
import { ArgumentError, showValue } from '../errors.js'
import { clamp, div, norm, stack, to } from '../ops/index.js'
import { Tensor } from '../tensor.js'

export interface ClipOptions {
  /** Which norm: 2 by default; Infinity is the largest magnitude. */
  readonly normType?: number
}

/** The gradients of those of `parameters` that have one, each once. */
function gradientsOf(op: string, parameters: Iterable<Tensor> | Tensor): Tensor[] {
  const list: unknown[] = parameters instanceof Tensor ? [parameters] : [...parameters]
  const gradients = new Set<Tensor>()
  for (const parameter of list) {
    if (!(parameter instanceof Tensor)) throw new ArgumentError(`${op}: expected Tensors, got ${showValue(parameter)}`)
    if (parameter.grad !== null && parameter.size > 0) gradients.add(parameter.grad)
  }
  return [...gradients]
}

/**
 * Scales the gradients of `parameters` together, in place, so that their norm, taken as if they were one vector, is at
 * most `maxNorm`: by maxNorm / (norm + 1e-6) where that is below 1, as PyTorch does.
 * @returns the norm before, a 0-d tensor.
 */
export function clipGradNorm(
  parameters: Iterable<Tensor> | Tensor,
  maxNorm: number,
  { normType = 2 }: ClipOptions = {},
): Tensor {
  if (!(maxNorm >= 0))
    throw new ArgumentError(`clipGradNorm: expected maxNorm to be 0 or more, got ${showValue(maxNorm)}`)
  if (!(normType > 0))
    throw new ArgumentError(`clipGradNorm: expected normType to be above 0, got ${showValue(normType)}`)
  const gradients = gradientsOf('clipGradNorm', parameters)
  return noGrad(() => {
    if (gradients.length === 0) return new Tensor(0, { requiresGrad: false })
    const normOf = (values: Tensor): Tensor => norm(values, null, { ord: normType })
    const total = normOf(stack(gradients.map(normOf)))
    const factor = clamp(div(maxNorm, total.add(1e-6)), -Infinity, 1)
    for (const { size, dtype, storage } of gradients) {
      const scale = to(factor, dtype).storage.array
      context.backend.mul(1, size, Layout.full, Layout.scalar, storage.array, scale, storage.array)
      storage.version++
    }
    return total
  })
}

/** Limits each element of each gradient to [−maxValue, maxValue], in place. */
export function clipGradValue(parameters: Iterable<Tensor> | Tensor, maxValue: number): void {
  if (!(maxValue >= 0)) {
    throw new ArgumentError(`clipGradValue: expected maxValue to be 0 or more, got ${showValue(maxValue)}`)
  }
  for (const { size, storage } of gradientsOf('clipGradValue', parameters)) {
    context.backend.clamp(1, size, Layout.full, -maxValue, maxValue, storage.array, storage.array)
    storage.version++
  }
}
