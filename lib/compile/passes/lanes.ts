// Joins a product with what goes on with its rows: the update that its result is the gradient of, or the elementwise
// kernels that follow. A range of rows is then worked on while it is in a thread's cache.

import { kernelRow } from '../../backend/table.js'
import { isGroup, type Work } from '../plan.js'
import type { Value } from '../program.js'
import { sizeOf } from './accesses.js'
import { conflict, Footprint, meet } from './nodes.js'
import { rowsOf } from './rows.js'
import type { Limits, Strand } from './together.js'

const classOf = (work: Work): string => (isGroup(work) ? 'elementwise' : kernelRow(work.kernel).class)

/** The strands, each product with its follower in one where that pays; a joined one stands where the follower was. */
export function joinRows(
  values: readonly Value[],
  results: readonly number[],
  strands: readonly Strand[],
  { leastBytes }: Limits,
): readonly Strand[] {
  const users = new Map<number, number>()
  for (const { reads, writes } of strands) {
    for (const id of new Set([...reads, ...writes])) users.set(id, (users.get(id) ?? 0) + 1)
  }
  const isPrivate = (id: number): boolean =>
    values[id].origin.kind === 'made' && users.get(id) === 2 && !results.includes(id)
  const joined = [...strands]
  for (let at = strands.length - 1; at >= 0; at--) {
    const product = joined[at]
    const [work] = product.steps
    const rows = product.steps.length === 1 && classOf(work) === 'product' ? rowsOf(values, work) : null
    if (rows === null || rows.count === 1) continue
    const [out] = rows.along
    if (!isPrivate(out) || sizeOf(values[out]) < leastBytes) continue
    const below = joined.findIndex(({ reads }, i) => i > at && reads.has(out))
    if (below === -1 || !follows(values, joined[below], out, rows.count)) continue
    // Of its factors a range of the product may need all.
    if (meet(joined[below].writes, product.reads)) continue
    const between = new Footprint()
    for (const strand of joined.slice(at + 1, below)) between.add(strand)
    if (conflict(product, between)) continue
    joined[below] = both(product, joined[below], rows.count)
    joined.splice(at, 1)
  }
  return joined
}

/** Whether the strand takes `out` row by row, and it pays to do so at once. */
function follows(values: readonly Value[], { steps }: Strand, out: number, count: number): boolean {
  const [work] = steps
  if (steps.length !== 1 || !['optimizer', 'elementwise'].includes(classOf(work))) return false
  // A product that has fewer rows than columns is better cut along its columns.
  if (classOf(work) === 'elementwise' && count * count < values[out].length) return false
  const rows = rowsOf(values, work)
  return rows?.along.has(out) === true && rows.count % count === 0
}

function both(product: Strand, follower: Strand, rows: number): Strand {
  return {
    rows,
    steps: [...product.steps, ...follower.steps],
    reads: new Set([...product.reads, ...follower.reads]),
    writes: new Set([...product.writes, ...follower.writes]),
    micros: product.micros + follower.micros,
    joins: product.joins || follower.joins,
  }
}
