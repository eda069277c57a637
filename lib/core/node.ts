// A node of the graph: how a result was made.

import type { Saved } from './saved.js'
import type { Tensor } from './tensor.js'

/**
 * How one result was made: the nodes of the inputs, and what their gradients are computed from.
 *
 * An op with several differentiable results has a node of its own, which belongs to no tensor. It is the only parent of
 * its results' nodes.
 */
export class Node {
  /** Set on the node of a leaf: its gradient ends here. */
  leaf: Tensor | null = null
  /** The intermediate value that asked to keep its gradient. */
  retainedBy: Tensor | null = null
  /** What backward reads; null once it was walked without retainGraph, and on the nodes of leaves and of one among several results. */
  saved: Saved | null
  /** The position of its result among those of an op with several; −1 elsewhere. */
  position = -1
  /** The last sort that met it, and where it stands in its order: a walk within a walk may have sorted since. */
  sort = 0
  at = 0

  constructor(
    readonly parents: readonly (Node | null)[],
    saved: Saved | null,
  ) {
    this.saved = saved
  }
}

export function leafNode(leaf: Tensor): Node {
  const node = new Node([], null)
  node.leaf = leaf
  return node
}

/** The node of one among several results of the op that `op` is the node of. */
export function resultNode(op: Node, position: number): Node {
  const node = new Node([op], null)
  node.position = position
  return node
}
