// The order in which a backward walk visits nodes: iterative, so that depth does not matter.

import type { Node } from '../core/node.js'

let sorts = 0

/** `root`, last, and its ancestors: each once, after all of its parents. */
export function topologicalOrder(root: Node): Node[] {
  const order: Node[] = []
  const sort = ++sorts
  root.sort = sort
  const path = [root]
  /** For each node of the path, the position of its next parent. */
  const next = [0]
  while (path.length > 0) {
    const last = path.length - 1
    const node = path[last]
    const { parents } = node
    if (next[last] === parents.length) {
      node.at = order.length
      order.push(node)
      path.pop()
      next.pop()
      continue
    }
    const parent = parents[next[last]++]
    if (parent !== null && parent.sort !== sort) {
      parent.sort = sort
      path.push(parent)
      next.push(0)
    }
  }
  return order
}

/** The position of `node` in `order`, which contains it. */
export const placeOf = (node: Node, order: readonly Node[]): number =>
  // Stryker disable next-line ConditionalExpression: the position noted saves a search; the result is the same
  order[node.at] === node ? node.at : order.indexOf(node)

/** Those of `order` from which a required node is reached. */
export function leadingTo(order: readonly Node[], required: ReadonlySet<Node | null>): ReadonlySet<Node | null> {
  const leading = new Set<Node | null>()
  for (const node of order) {
    if (required.has(node) || node.parents.some(parent => leading.has(parent))) leading.add(node)
  }
  return leading
}
