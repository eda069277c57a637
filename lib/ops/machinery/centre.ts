// Subtracting a mean without losing digits.

import type { Tensor } from '../../core/tensor.js'

/**
 * x less its mean over `axes`, and that mean with 1 along them. The mean is rounded: what remains of it in the difference
 * is subtracted too, or the digits of nearly equal numbers would be lost. What remains is constant for the gradient.
 */
export function centre(x: Tensor, axes: readonly number[]): { readonly centred: Tensor; readonly center: Tensor } {
  const keep = { keepdims: true }
  const center = x.mean(axes, keep)
  const near = x.sub(center)
  const rest = near.detach().mean(axes, keep)
  return { centred: near.sub(rest), center: center.detach().add(rest) }
}
