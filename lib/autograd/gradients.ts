// What gradients need beside the ops: widening, narrowing and adding up, where a gradient may be smaller than its value
// because it merely repeats along some axes.

import { gridOfTwo } from '../base/broadcast.js'
import { ShapeError, showShape } from '../base/errors.js'
import { broadcastsTo, type Shape, sameShape, sizeOf } from '../base/shape.js'
import { context } from '../core/context.js'
import { Tensor, type TensorLike } from '../core/tensor.js'
import { mul } from '../ops/arithmetic.js'
import { asTensor, scalar } from '../ops/machinery/operands.js'
import { sum } from '../ops/reductions.js'
import { expand, reshape } from '../ops/shaping.js'

/**
 * The gradient that a walk starts with: `given`, checked against `output`, or a single one that repeats. Not copied:
 * whoever adds to other tensors in place during the walk sees to it that this is none of them.
 */
export function asGradient(op: string, output: Tensor, given: TensorLike | undefined): Tensor {
  if (given === undefined) return scalar(1, output.dtype)
  const gradient = asTensor(op, given, output.dtype).to(output.dtype)
  if (!broadcastsTo(gradient.shape, output.shape)) {
    throw new ShapeError(
      `${op}: expected a gradient of shape ${showShape(output.shape)}, got ${showShape(gradient.shape)}`,
    )
  }
  return gradient
}

/** `t` with ones in front of its shape until it has `ndim` axes. */
export function padRank(t: Tensor, ndim: number): Tensor {
  if (t.ndim >= ndim) return t
  const shape = [...new Array<number>(ndim - t.ndim).fill(1), ...t.shape]
  // Outside the graph a view is a tensor and nothing else.
  return t.requiresGrad ? reshape(t, shape) : new Tensor({ storage: t.storage, shape, dtype: t.dtype })
}

/** `t` repeated to `shape`; itself where it has that shape. */
export const expandTo = (t: Tensor, shape: Shape): Tensor => (sameShape(t.shape, shape) ? t : expand(t, shape))

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
    const wanted = axis < lead ? 1 : to[axis - lead]
    if (wanted === from[axis]) continue
    if (full.shape[axis] === from[axis]) axes.push(axis)
    else repeats *= from[axis]
  }
  let result = axes.length > 0 ? sum(full, axes, { keepdims: true }) : full
  if (repeats !== 1) result = mul(result, repeats)
  return result.ndim === to.length ? result : reshape(result, result.shape.slice(lead))
}

/** target += part in place, where part broadcasts to it; false where it does not. */
export function addInto(target: Tensor, part: Tensor): boolean {
  if (!broadcastsTo(part.shape, target.shape) || part.dtype !== target.dtype) return false
  const { rows, cols, layouts, outer } = gridOfTwo('backward', target.shape, target.shape, part.shape)
  const array = target.storage.array
  context.backend.add(rows, cols, layouts[0], layouts[1], array, part.storage.array, array, outer)
  target.storage.version++
  return true
}

/** A copy in memory of its own, outside the graph. */
export function ownCopy(t: Tensor): Tensor {
  const copy = Tensor.allocate(t.shape, t.dtype)
  context.backend.copy(1, sizeOf(t.shape), 0, t.storage.array, copy.storage.array)
  return copy
}
