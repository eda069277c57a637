// A node of the graph: how one result was made.

import type { Saved } from './saved.js'
import type { Tensor } from './tensor.js'

/** How one result was made: the nodes of its inputs, and how its gradient goes back to each of them. */
export class Node {
  /** Set on the node of a leaf: its gradient ends here. */
  leaf: Tensor | null = null
  /** The intermediate value that asked to keep its gradient. */
  retainedBy: Tensor | null = null
  /** What backward reads; null once it was walked without retainGraph. */
  saved: Saved | null
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
