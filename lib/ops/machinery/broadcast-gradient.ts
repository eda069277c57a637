// Gradients under broadcasting: a gradient may be smaller than its value where it repeats along an axis, and is summed
// where an operand was repeated. Calls ops as methods, since the ops import this module.

import { type Shape, sameShape } from '../../base/shape.js'
import { zeros } from '../../core/creation.js'
import type { Result } from '../../core/primitive.js'
import { Tensor } from '../../core/tensor.js'

/** `t` with ones in front of its shape until it has `ndim` axes. */
export function padRank(t: Tensor, ndim: number): Tensor {
  if (t.ndim >= ndim) return t
  const shape = [...new Array<number>(ndim - t.ndim).fill(1), ...t.shape]
  // Outside the graph a view is a tensor and nothing else.
  return t.requiresGrad ? t.reshape(shape) : new Tensor({ storage: t.storage, shape, dtype: t.dtype })
}

/** `t` repeated to `shape`; itself where it has that shape. */
export const expandTo = (t: Tensor, shape: Shape): Tensor => (sameShape(t.shape, shape) ? t : t.expand(shape))

/** The gradient of a step function: zeros, repeated along every axis. */
export const zeroGradient = (g: Tensor): Tensor => zeros(new Array<number>(g.ndim).fill(1), { dtype: g.dtype })

/** The gradient `g` of `result`, laid out; zeros where there is none. */
export const wholeGradient = (g: Tensor | undefined, result: Result): Tensor =>
  g === undefined ? zeros(result.shape, { dtype: result.dtype }) : expandTo(g, result.shape)

/**
 * Undoes broadcasting: the gradient `g` of a value of shape `from` (g may be 1 where from is not: it repeats there)
 * becomes the gradient of an operand of shape `to` that was broadcast to `from`.
 */
export function sumTo(g: Tensor, from: Shape, to: Shape): Tensor {
  if (sameShape(from, to) && sameShape(g.shape, to)) return g
  const full = padRank(g, from.length)
  const lead = from.length - to.length
  const axes: number[] = []
  let repeats = 1
  for (let axis = 0; axis < from.length; axis++) {
    const target = axis < lead ? 1 : to[axis - lead]
    if (target === from[axis]) continue
    if (full.shape[axis] === from[axis]) axes.push(axis)
    else repeats *= from[axis]
  }
  let result = axes.length > 0 ? full.sum(axes, { keepdims: true }) : full
  if (repeats !== 1) result = result.mul(repeats)
  return result.ndim === to.length ? result : result.reshape(result.shape.slice(lead))
}
