// Joins steps that go on with one another's rows: a product and the update that its result is the gradient of, a softmax
// and its backward. A range of rows is then worked on while it is in a thread's cache.

import { kernelRow } from '../../backend/table.js'
import { isGroup, type Work } from '../plan.js'
import type { Value } from '../program.js'
import { sizeOf } from './accesses.js'
import { usesOfWork } from './check-region.js'
import { conflict, Footprint } from './nodes.js'
import { type Rows, rowsOf } from './rows.js'
import type { Limits, Strand } from './together.js'

/** The steps of a lane: what passes and is reduced between so many is what an executor has room for. */
const mostSteps = 4

const classOf = (work: Work): string => (isGroup(work) ? 'elementwise' : kernelRow(work.kernel).class)
const isProduct = ({ steps }: Strand): boolean => classOf(steps[0]) === 'product'

/** The strands, those that go on with one another's rows in one where that pays; it stands where the last of them was. */
export function joinRows(
  values: readonly Value[],
  results: readonly number[],
  strands: readonly Strand[],
  limits: Limits,
): readonly Strand[] {
  const users = new Map<number, number>()
  for (const { reads } of strands) for (const id of reads) users.set(id, (users.get(id) ?? 0) + 1)
  const isPassing = (id: number): boolean =>
    id >= 0 && values[id].origin.kind === 'made' && users.get(id) === 2 && !results.includes(id)
  const joined = [...strands]
  for (let at = strands.length - 1; at >= 0; at--) {
    const first = joined[at]
    const [out] = [...first.writes].filter(isPassing)
    if (out === undefined || first.steps.length > 1) continue
    if (sizeOf(values[out]) < (isProduct(first) ? limits.leastBytes : limits.leastStream)) continue
    const below = joined.findIndex(({ reads }, i) => i > at && reads.has(out))
    if (below === -1 || joined[below].steps.length === mostSteps) continue
    const rows = commonRows(values, first, joined[below])
    if (rows === null || !pays(values, first, joined[below], out)) continue
    const between = new Footprint()
    for (const strand of joined.slice(at + 1, below)) between.add(strand)
    if (conflict(first, between)) continue
    joined[below] = both(first, joined[below], rows, out)
    joined.splice(at, 1)
  }
  return joined
}

/** A product that has fewer rows than columns is better cut along its columns; a gradient has the rows of its weight. */
function pays(values: readonly Value[], first: Strand, next: Strand, out: number): boolean {
  if (!isProduct(first)) return true
  const count = rowsOf(values, first.steps[0])?.count ?? 0
  const kind = classOf(next.steps[0])
  return kind === 'optimizer' || (kind === 'elementwise' && count * count >= values[out].length)
}

/** The rows that both go by, each needing of the other's the same rows only; null where that is not so. */
function commonRows(values: readonly Value[], first: Strand, next: Strand): number | null {
  const [above, ...below] = [...first.steps, ...next.steps].map(work => ({ work, rows: rowsOf(values, work) }))
  if (above.rows === null || below.some(({ rows }) => rows === null)) return null
  const counts = [above, ...below].map(({ rows }) => (rows as Rows).count)
  const least = Math.min(...counts)
  if (least < 2 || counts.some(count => count % least !== 0)) return null
  const own = usesOfWork(values, above.work)
  const isAligned = below.every(({ work, rows }) =>
    usesOfWork(values, work).every(({ id, written }) =>
      own.every(
        use =>
          use.id !== id || !(use.written || written) || (above.rows?.along.has(id) === true && rows?.along.has(id)),
      ),
    ),
  )
  return isAligned ? least : null
}

function both(first: Strand, next: Strand, rows: number, passing: number): Strand {
  return {
    rows,
    steps: [...first.steps, ...next.steps],
    passing: [passing, ...next.passing],
    reads: new Set([...first.reads, ...next.reads]),
    writes: new Set([...first.writes, ...next.writes]),
    micros: first.micros + next.micros,
    joins: first.joins || next.joins,
  }
}
