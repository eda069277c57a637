// The backward walk from a root. A node's gradient is complete before those of its parents are computed from it. The
// caller decides where gradients are kept.

import { GradientError } from '../base/errors.js'
import { type BackwardMemory, withBackwardMemory } from '../core/backward-memory.js'
import { context } from '../core/context.js'
import type { Node } from '../core/node.js'
import type { Saved } from '../core/saved.js'
import { Tensor, type TensorLike } from '../core/tensor.js'
import { add } from '../ops/arithmetic.js'
import { padRank } from '../ops/machinery/broadcast-gradient.js'
import { addInto, asGradient } from './accumulate.js'
import { leadingTo, placeOf, topologicalOrder } from './topological-order.js'

interface Walk {
  readonly root: Node
  /** The root's gradient, which belongs to the caller. */
  readonly gradient: Tensor
  readonly retainGraph: boolean
  readonly createGraph: boolean
  /** The nodes whose gradients are required; all leaves by default. */
  readonly required?: ReadonlySet<Node | null>
  /** Gets each node's complete gradient once; returns the tensor that it keeps, if any. */
  readonly arrive: (node: Node, gradient: Tensor) => Tensor | null
}

/** Walks back from the root. */
export function walk(how: Walk): void {
  // Tensors of a graph or of a program outlive the walk.
  // Stryker disable next-line ConditionalExpression: a program's storages are never private, so nothing is released
  if (how.createGraph || context.recording !== null) walkWith(how, null)
  else withBackwardMemory(memory => walkWith(how, memory))
}

function walkWith(
  { root, gradient, retainGraph, createGraph, required, arrive }: Walk,
  memory: BackwardMemory | null,
): void {
  const order = topologicalOrder(root)
  const leading = required === undefined ? undefined : leadingTo(order, required)
  const isNeeded = (node: Node | null): node is Node => node !== null && (leading === undefined || leading.has(node))
  /** Pending gradients by the positions of their nodes. */
  const pending: (Tensor | null)[] = order.map(() => null)
  /** Which of them are sums that this walk made, to which it may add in place. */
  const owned: boolean[] = []
  /** The same for ops with several results: a gradient for each result that has one. */
  const pendingResults: (Tensor | undefined)[][] = []
  const wait = (place: number, part: Tensor): void => {
    memory?.hold(part)
    pending[place] = part
  }
  wait(order.length - 1, gradient)
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i]
    const sum = pending[i]
    if (sum === null) {
      const ofResults = pendingResults[i]
      if (ofResults === undefined) continue
      goBackJointly(node, savedOf(node), ofResults)
      // Stryker disable next-line ConditionalExpression: what is not released is collected later
      for (const part of ofResults) if (part !== undefined) memory?.release(part)
      memory?.sweep()
      continue
    }
    pending[i] = null
    const kept = arrive(node, sum)
    if (kept !== null) memory?.hold(kept)
    if (node.position >= 0) passToOp(node, sum)
    else if (node.leaf === null) goBack(node, sum)
    memory?.release(sum)
    memory?.sweep()
  }

  function goBack(node: Node, sum: Tensor): void {
    const saved = savedOf(node)
    const { parents } = node
    if (saved.isJoint) {
      goBackJointly(node, saved, [sum])
      return
    }
    const g = padRank(sum, saved.shape.length)
    for (let j = 0; j < parents.length; j++) {
      const parent = parents[j]
      if (isNeeded(parent)) give(parent, saved.gradient(g, j))
    }
    if (!retainGraph) node.saved = null
  }

  function goBackJointly(node: Node, saved: Saved, gs: readonly (Tensor | undefined)[]): void {
    const { parents } = node
    const parts = saved.gradients(gs, parents.map(isNeeded))
    for (let j = 0; j < parents.length; j++) {
      const parent = parents[j]
      if (isNeeded(parent)) give(parent, parts[j])
    }
    if (!retainGraph) node.saved = null
  }

  /** Keeps the gradient of one among several results for the op's node, which is visited after all of them. */
  function passToOp(node: Node, sum: Tensor): void {
    const op = node.parents[0]
    // Stryker disable next-line ConditionalExpression: an op that leads to nothing required would give nothing
    if (!isNeeded(op)) return
    const place = placeOf(op, order)
    pendingResults[place] ??= []
    pendingResults[place][node.position] = sum
    memory?.hold(sum)
  }

  /** Adds `part` to the pending gradient of `node`. */
  function give(node: Node, part: Tensor | null): void {
    if (part === null) return
    const place = placeOf(node, order)
    const before = pending[place]
    if (before === null) wait(place, part)
    else if (!(owned[place] && !createGraph && addInto(before, part))) {
      wait(place, add(before, part))
      memory?.release(before)
      owned[place] = true
    }
  }
}

/** What `node` saved. @throws GradientError if it is gone or was changed since. */
function savedOf(node: Node): Saved {
  if (node.saved === null) {
    throw new GradientError('backward: the graph was walked before; pass retainGraph: true the first time')
  }
  node.saved.check()
  return node.saved
}

export function start(op: string, output: Tensor, gradient: TensorLike | undefined): { root: Node; gradient: Tensor } {
  const root = Tensor.nodeOf(output)
  if (root === null) {
    throw new GradientError(
      `${op}: the tensor does not require a gradient and nothing it was made from does (what a compiled step gives is ` +
        'outside the graph: call backward in its function)',
    )
  }
  return { root, gradient: asGradient(op, output, gradient) }
}

export function inGradMode<R>(mode: boolean, fn: () => R): R {
  const before = context.gradMode
  context.gradMode = mode
  try {
    return fn()
  } finally {
    context.gradMode = before
  }
}
