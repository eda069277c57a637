// The walk back from a root: each node's gradient is complete before it goes on to the node's parents. What arrives where
// is the caller's business.

import { GradientError } from '../base/errors.js'
import { type BackwardMemory, withBackwardMemory } from '../core/backward-memory.js'
import { context } from '../core/context.js'
import type { Node } from '../core/node.js'
import { Tensor, type TensorLike } from '../core/tensor.js'
import { add } from '../ops/arithmetic.js'
import { padRank } from '../ops/machinery/broadcast-gradient.js'
import { addInto, asGradient } from './accumulate.js'
import { leadingTo, placeOf, topologicalOrder } from './topological-order.js'

interface Walk {
  readonly root: Node
  /** Of the root; the caller's. */
  readonly gradient: Tensor
  readonly retainGraph: boolean
  readonly createGraph: boolean
  /** What the walk is for; all leaves where it is left out. */
  readonly wanted?: ReadonlySet<Node>
  /** Gets each node's whole gradient once; returns what it keeps. */
  readonly arrive: (node: Node, gradient: Tensor) => Tensor | null
}

/** Goes back from the root. */
export function walk(how: Walk): void {
  // What is noted, or belongs to a program, stays.
  if (how.createGraph || context.recording !== null) walkWith(how, null)
  else withBackwardMemory(memory => walkWith(how, memory))
}

function walkWith(
  { root, gradient, retainGraph, createGraph, wanted, arrive }: Walk,
  memory: BackwardMemory | null,
): void {
  const order = topologicalOrder(root)
  const needed = wanted === undefined ? undefined : leadingTo(order, wanted)
  /** Gradients that wait for their node, by its place. */
  const pending: (Tensor | null)[] = order.map(() => null)
  /** Those that were made here to add up in: more may be added in place. */
  const owned: boolean[] = []
  const wait = (place: number, part: Tensor): void => {
    memory?.hold(part)
    pending[place] = part
  }
  wait(order.length - 1, gradient)
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i]
    const sum = pending[i]
    if (sum === null) continue
    pending[i] = null
    const kept = arrive(node, sum)
    if (kept !== null) memory?.hold(kept)
    if (node.leaf === null) goBack(node, sum)
    memory?.release(sum)
    memory?.sweep()
  }

  function goBack(node: Node, sum: Tensor): void {
    if (node.saved === null) {
      throw new GradientError('backward: the graph was walked before; pass retainGraph: true the first time')
    }
    const gradientFor = node.saved.gradients(padRank(sum, node.saved.shape.length))
    for (let j = 0; j < node.parents.length; j++) {
      const parent = node.parents[j]
      if (parent === null || (needed !== undefined && !needed.has(parent))) continue
      const part = gradientFor(j)
      if (part === null) continue
      const place = placeOf(parent, order)
      const before = pending[place]
      if (before === null) wait(place, part)
      else if (!(owned[place] && !createGraph && addInto(before, part))) {
        wait(place, add(before, part))
        memory?.release(before)
        owned[place] = true
      }
    }
    if (!retainGraph) node.saved = null
  }
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
