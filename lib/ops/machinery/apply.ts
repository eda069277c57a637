// Runs an op: plan, allocate, call the kernels, note the node.

import { isFloat } from '../../base/dtype.js'
import { BusyError } from '../../base/errors.js'
import { sizeOf } from '../../base/shape.js'
import { context } from '../../core/context.js'
import { Node } from '../../core/node.js'
import type { Plan, Primitive } from '../../core/primitive.js'
import { Saved } from '../../core/saved.js'
import { allocate, busyError } from '../../core/storage.js'
import { noElements, Tensor } from '../../core/tensor.js'

/** Runs an op on tensors. */
export function apply<P, Q extends Plan>(op: Primitive<P, Q>, inputs: readonly Tensor[], params: P): Tensor {
  let wanted = false
  if (context.gradMode) {
    for (let i = 0; i < inputs.length; i++) wanted ||= inputs[i].requiresGrad
    if (wanted && op.composite !== undefined) return op.composite(inputs, params)
  }
  const plan = op.plan(inputs, params)
  const { shape, dtype } = plan
  const storage = plan.storage ?? allocate(dtype, sizeOf(shape), op.name)
  const extras = plan.extras === undefined ? none : plan.extras.map(extra => Tensor.allocate(extra.shape, extra.dtype))
  if (plan.storage === undefined) {
    try {
      op.forward(context.backend, storage.array, inputs, params, plan, extras)
    } catch (error) {
      // Kernels refuse an array that is too short; only here is known that it is one whose buffer was transferred.
      const gone = context.recording === null ? inputs.find(input => !input.storage.hasElements) : undefined
      if (error instanceof BusyError) throw busyError(op.name)
      throw gone === undefined ? error : noElements(op.name, gone)
    }
  }
  const output = new Tensor({ storage, shape, dtype })
  if (wanted && (op.vjp ?? op.vjps) !== undefined && isFloat(dtype))
    note(op as unknown as Primitive<P>, inputs, params, output, extras)
  return output
}

const none: readonly Tensor[] = []

function note<P>(
  op: Primitive<P>,
  inputs: readonly Tensor[],
  params: P,
  output: Tensor,
  extras: readonly Tensor[],
): void {
  const { saves } = op
  const parents = inputs.map(Tensor.nodeOf)
  const savedInputs =
    saves === 'inputs' || saves === 'both'
      ? inputs
      : saves === 'others'
        ? inputs.map((input, i) => (parents.some((parent, j) => j !== i && parent !== null) ? input : undefined))
        : none
  const savedOutput = saves === 'output' || saves === 'both' ? output : undefined
  const shapes = inputs.map(input => input.shape)
  const saved = new Saved(op, params, shapes, output.shape, savedInputs, savedOutput, extras)
  Tensor.attach(output, new Node(parents, saved as unknown as Saved))
}
