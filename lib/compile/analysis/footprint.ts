// The nodes that fusion moves: one call, or several that are to run together, with what they read and write, and whether two
// of them have to stay in order.

import type { Call, Value } from '../program.js'
import { effectsOf, reportsIndex, writes } from './effects.js'
import { type Grid, gridOf } from './grid.js'

export interface Node {
  readonly calls: readonly Call[]
  /** The grid of elementwise calls that may be joined with others; null for any other call. */
  readonly grid: Grid | null
  readonly reads: ReadonlySet<number>
  readonly writes: ReadonlySet<number>
}

/**
 * The end of a run by a bad index, as if it were a value: a call that reports one writes it, one that writes state reads
 * it. So state is written before the run can end, or after, as recorded.
 */
export const endOfRun = -1

export function nodeOf(values: readonly Value[], call: Call): Node {
  const effects = effectsOf(values, call)
  const written = effects.filter(writes).map(({ value }) => value)
  const read = effects.flatMap(({ role, value }) => (role === 'out' ? [] : [value]))
  if (written.some(id => values[id].origin.kind === 'state')) read.push(endOfRun)
  if (reportsIndex(call)) written.push(endOfRun)
  return { calls: [call], grid: gridOf(call), reads: new Set(read), writes: new Set(written) }
}

/** What several nodes read and write together. */
export class Footprint {
  readonly reads = new Set<number>()
  readonly writes = new Set<number>()

  add({ reads, writes }: Pick<Node, 'reads' | 'writes'>): void {
    for (const value of reads) this.reads.add(value)
    for (const value of writes) this.writes.add(value)
  }
}

export function meet(a: ReadonlySet<number>, b: ReadonlySet<number>): boolean {
  const [small, large] = a.size <= b.size ? [a, b] : [b, a]
  for (const value of small) if (large.has(value)) return true
  return false
}

/** Whether one writes what the other reads or writes, so that they must stay in order. */
export const conflict = (a: Pick<Node, 'reads' | 'writes'>, b: Pick<Node, 'reads' | 'writes'>): boolean =>
  meet(a.writes, b.reads) || meet(a.reads, b.writes) || meet(a.writes, b.writes)
