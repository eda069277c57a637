// Accumulation of gradients in place, and the gradient that a walk starts from.

import { gridOfTwo } from '../base/broadcast.js'
import { ShapeError, showShape } from '../base/errors.js'
import { broadcastsTo, sizeOf } from '../base/shape.js'
import { context } from '../core/context.js'
import { allocateTensor, type Tensor, type TensorLike } from '../core/tensor.js'
import { asTensor, scalar } from '../ops/machinery/operands.js'

/**
 * The gradient that a walk starts from: `given`, checked against `output`, or a single 1 that repeats. It is not copied;
 * a caller that adds to tensors in place during the walk must copy it first.
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

/** target += part in place, where part, of its dtype, broadcasts to it; false where it does not. */
export function addInto(target: Tensor, part: Tensor): boolean {
  if (!broadcastsTo(part.shape, target.shape)) return false
  const { rows, cols, layouts, outer } = gridOfTwo('backward', target.shape, target.shape, part.shape)
  const array = target.storage.array
  context.backend.add(rows, cols, layouts[0], layouts[1], array, part.storage.array, array, outer)
  target.storage.version++
  return true
}

/** A copy outside the graph. */
export function ownCopy(t: Tensor): Tensor {
  const copy = allocateTensor(t.shape, t.dtype)
  context.backend.copy(1, sizeOf(t.shape), 0, t.storage.array, copy.storage.array)
  return copy
}
