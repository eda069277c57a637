// Elementwise fusion: joins elementwise calls over one grid into groups. Calls need not be neighbours: those between two of
// them move up or down where that changes nothing that is read or written.

import { conflict, Footprint, meet, type Node, nodeOf } from '../analysis/footprint.js'
import { commonGrid } from '../analysis/grid.js'
import { finish, type Parts } from '../parts.js'
import type { Work } from '../plan.js'
import type { Program, Value } from '../program.js'
import { canBeGroup, keepInTiles, membersOf, mostMembers } from './group-members.js'

/** How far up a call looks for others to join. */
const window = 64

/** The program's calls in order, those that are better done together as groups. */
export const fuseElementwise = (program: Program): Work[] => finish(fuseElementwiseInParts(program))

/** The same, in parts. */
export function* fuseElementwiseInParts(program: Program): Parts<Work[]> {
  const { values } = program
  const nodes: Node[] = []
  for (const [i, call] of program.calls.entries()) {
    if (i % 16 === 15) yield
    let at = nodes.push(nodeOf(values, call)) - 1
    while (at !== -1) at = joinAbove(values, nodes, at)
  }
  return toSteps(program, nodes)
}

/**
 * Joins the node at `at` with one above it: first with one that makes what it reads, else with one that reads the same.
 * @returns where the joined node is, or −1.
 */
function joinAbove(values: readonly Value[], nodes: Node[], at: number): number {
  const node = nodes[at]
  if (node.grid === null) return -1
  const points = node.grid.rows * node.grid.cols
  const shared = new Set([...node.reads].filter(id => id >= 0 && values[id].length >= points))
  for (const related of [(above: Node) => meet(above.writes, shared), (above: Node) => meet(above.reads, shared)]) {
    for (let above = at - 1; above >= Math.max(0, at - window); above--) {
      if (nodes[above].grid === null || !related(nodes[above])) continue
      const joined = join(values, nodes, above, at)
      if (joined !== -1) return joined
    }
  }
  return -1
}

/** Makes one node of two, if nothing between them needs the first and is needed by the second. */
function join(values: readonly Value[], nodes: Node[], first: number, second: number): number {
  const [a, b] = [nodes[first], nodes[second]]
  const grid = a.grid && b.grid && commonGrid(a.grid, b.grid)
  if (grid === null || a.calls.length + b.calls.length > mostMembers) return -1
  const above: Node[] = []
  const below: Node[] = []
  const needed = new Footprint()
  needed.add(b)
  for (let i = second - 1; i > first; i--) {
    if (!conflict(nodes[i], needed)) {
      below.push(nodes[i])
      continue
    }
    if (conflict(a, nodes[i])) return -1
    needed.add(nodes[i])
    above.push(nodes[i])
  }
  const calls = [...a.calls, ...b.calls]
  if (!canBeGroup(values, calls)) return -1
  const node: Node = {
    calls,
    grid,
    reads: new Set([...a.reads, ...b.reads]),
    writes: new Set([...a.writes, ...b.writes]),
  }
  nodes.splice(first, second - first + 1, ...above.reverse(), node, ...below.reverse())
  return first + above.length
}

function toSteps({ values, results }: Program, nodes: readonly Node[]): Work[] {
  const touching = new Map<number, number>()
  for (const { reads, writes } of nodes) {
    for (const id of new Set([...reads, ...writes])) touching.set(id, (touching.get(id) ?? 0) + 1)
  }
  const given = new Set(results)
  const isRead = (id: number): boolean => given.has(id) || (touching.get(id) ?? 0) > 1
  return nodes.flatMap(({ calls, grid }): Work[] => {
    const members = grid !== null && calls.length > 1 ? membersOf(values, calls) : null
    if (grid === null || members === null) return [...calls]
    return [{ rows: grid.rows, cols: grid.cols, members: keepInTiles(values, members, isRead) }]
  })
}
