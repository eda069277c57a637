// Runs an op: plan, allocate, call the kernels, note the node.

import { isFloat } from '../../base/dtype.js'
import { BusyError } from '../../base/errors.js'
import { sizeOf } from '../../base/shape.js'
import { context } from '../../core/context.js'
import { Node, resultNode } from '../../core/node.js'
import type { Plan, Primitive, Result } from '../../core/primitive.js'
import { Saved } from '../../core/saved.js'
import { allocate, busyError } from '../../core/storage.js'
import { noElements, Tensor } from '../../core/tensor.js'

const none: readonly Tensor[] = []

/**
 * Runs an op on tensors.
 * @param all gets every result, if it is given.
 * @returns the first result.
 */
export function apply<P, Q extends Plan>(
  op: Primitive<P, Q>,
  inputs: readonly Tensor[],
  params: P,
  all?: Tensor[],
): Tensor {
  let required = false
  if (context.gradMode) {
    for (let i = 0; i < inputs.length; i++) required ||= inputs[i].requiresGrad
    if (required && op.composite !== undefined) {
      const results = op.composite(inputs, params)
      const list = results instanceof Tensor ? [results] : results
      all?.push(...list)
      return list[0]
    }
  }
  const plan = op.plan(inputs, params)
  const { shape, dtype } = plan
  const storage = plan.elements ?? allocate(dtype, sizeOf(shape), op.name)
  const more = plan.more === undefined ? none : furtherResults(op.name, plan.more)
  if (plan.elements === undefined) {
    try {
      op.forward(context.backend, storage.array, inputs, params, plan, more)
    } catch (error) {
      // Kernels refuse an array that is too short. That it is one whose buffer was transferred is known only here.
      const gone = context.recording === null ? inputs.find(input => !input.storage.hasElements) : undefined
      if (error instanceof BusyError) throw busyError(op.name)
      throw gone === undefined ? error : noElements(op.name, gone)
    }
  }
  const output = new Tensor({ storage, shape, dtype })
  const { differentiable = 1 } = plan
  if (required && (op.vjp ?? op.jointVjp) !== undefined && (isFloat(dtype) || differentiable > 1)) {
    note(op as unknown as Primitive<P>, inputs, params, output, more, differentiable)
  }
  all?.push(output, ...more)
  return output
}

/** Runs an op that has several results. @returns all of them. */
export function applyAll<P, Q extends Plan>(
  op: Primitive<P, Q>,
  inputs: readonly Tensor[],
  params: P,
): readonly Tensor[] {
  const results: Tensor[] = []
  apply(op, inputs, params, results)
  return results
}

const furtherResults = (name: string, results: readonly Result[]): Tensor[] =>
  results.map(
    ({ shape, dtype, elements }) =>
      new Tensor({ storage: elements ?? allocate(dtype, sizeOf(shape), name), shape, dtype }),
  )

function note<P>(
  op: Primitive<P>,
  inputs: readonly Tensor[],
  params: P,
  output: Tensor,
  more: readonly Tensor[],
  differentiable: number,
): void {
  const { saves } = op
  const parents = inputs.map(Tensor.nodeOf)
  const savedInputs =
    saves === 'inputs' || saves === 'both'
      ? inputs
      : saves === 'others'
        ? inputs.map((input, i) => (parents.some((parent, j) => j !== i && parent !== null) ? input : undefined))
        : none
  const savesOutput = saves === 'output' || saves === 'both'
  const savedMore =
    savesOutput || more.length === 0 ? more : more.map((result, i) => (i + 1 < differentiable ? undefined : result))
  const shapes = inputs.map(input => input.shape)
  const savedOutput = savesOutput ? output : undefined
  const saved = new Saved(op, params, shapes, output.shape, savedInputs, savedOutput, savedMore)
  const node = new Node(parents, saved as unknown as Saved)
  if (differentiable === 1) {
    Tensor.attach(output, node)
    return
  }
  for (const [position, result] of [output, ...more.slice(0, differentiable - 1)].entries()) {
    if (isFloat(result.dtype)) Tensor.attach(result, resultNode(node, position))
  }
}
