// Forms task chains: steps that use the same rows one after another, such as a product and the update that takes its result
// as gradient, or a softmax and its backward. A range of rows then passes all of them while a thread's cache holds it.

import { kernelRow } from '../../backend/table.js'
import { sizeOf } from '../analysis/effects.js'
import { isGroup, type Work } from '../plan.js'
import type { Value } from '../program.js'
import { usesOfWork } from '../verify/region.js'
import type { Candidate, Limits } from './candidate.js'
import { type Rows, rowsOf } from './rows.js'

/** The most steps of a chain: an executor has room for the local values and partial results of so many. */
const mostSteps = 4

const classOf = (work: Work): string => (isGroup(work) ? 'elementwise' : kernelRow(work.kernel).class)
const isProduct = ({ steps }: Candidate): boolean => classOf(steps[0]) === 'product'

/** The candidates, joined to chains where that pays. A chain stands where its last step was. */
export function formChains(
  values: readonly Value[],
  results: readonly number[],
  candidates: readonly Candidate[],
  limits: Limits,
): readonly Candidate[] {
  const given = new Set(results)
  const order = new Order(candidates)
  const isLocal = (id: number): boolean =>
    id >= 0 && values[id].origin.kind === 'made' && order.usersOf(id) === 2 && !given.has(id)
  for (let at = candidates.length - 1; at >= 0; at--) {
    const first = candidates[at]
    const [out] = [...first.writes].filter(isLocal)
    if (out === undefined || first.steps.length > 1) continue
    if (sizeOf(values[out]) < (isProduct(first) ? limits.leastBytes : limits.leastStream)) continue
    const below = order.firstBelow(at, out)
    if (below === undefined) continue
    const next = order.at(below)
    if (next.steps.length === mostSteps) continue
    const rows = commonRows(values, first, next)
    if (rows === null || !pays(values, first, next, out) || !order.canMoveDown(at, below)) continue
    order.join(at, below, both(first, next, rows, out))
  }
  return order.candidates()
}

/** Candidates in order. Some move down to others, each at most once and the lowest first. */
class Order {
  readonly #places: (Candidate | null)[]
  /** Where each stands now. */
  readonly #standing: number[]
  /** By value, the candidates that use it, as they were numbered. */
  readonly #users = new Map<number, number[]>()

  constructor(candidates: readonly Candidate[]) {
    this.#places = [...candidates]
    this.#standing = candidates.map((_, i) => i)
    for (const [i, { reads, writes }] of candidates.entries()) {
      for (const id of new Set([...reads, ...writes])) {
        const users = this.#users.get(id)
        if (users === undefined) this.#users.set(id, [i])
        else users.push(i)
      }
    }
  }

  at(place: number): Candidate {
    return this.#places[place] as Candidate
  }

  usersOf(id: number): number {
    return this.#users.get(id)?.length ?? 0
  }

  *#between(id: number, from: number, to: number): Generator<number> {
    for (const user of this.#users.get(id) ?? []) {
      const place = this.#standing[user]
      if (place > from && place < to) yield place
    }
  }

  /** The first place below `at` that uses the value. */
  firstBelow(at: number, id: number): number | undefined {
    const places = [...this.#between(id, at, this.#places.length)]
    return places.length === 0 ? undefined : Math.min(...places)
  }

  /** Whether nothing between must stay below the candidate at `at`. */
  canMoveDown(at: number, below: number): boolean {
    const { reads, writes } = this.at(at)
    for (const id of writes) for (const _ of this.#between(id, at, below)) return false
    for (const id of reads)
      for (const place of this.#between(id, at, below)) if (this.at(place).writes.has(id)) return false
    return true
  }

  join(at: number, below: number, candidate: Candidate): void {
    this.#places[at] = null
    this.#places[below] = candidate
    this.#standing[at] = below
  }

  candidates(): Candidate[] {
    return this.#places.filter(candidate => candidate !== null)
  }
}

/** A product that has fewer rows than columns is better cut along its columns; a gradient has the rows of its weight. */
function pays(values: readonly Value[], first: Candidate, next: Candidate, out: number): boolean {
  if (!isProduct(first)) return true
  const count = rowsOf(values, first.steps[0])?.count ?? 0
  const kind = classOf(next.steps[0])
  return kind === 'optimizer' || (kind === 'elementwise' && count * count >= values[out].length)
}

/** The rows that both go by, each needing of the other's the same rows only; null where that is not so. */
function commonRows(values: readonly Value[], first: Candidate, next: Candidate): number | null {
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

function both(first: Candidate, next: Candidate, rows: number, local: number): Candidate {
  return {
    rows,
    steps: [...first.steps, ...next.steps],
    local: [local, ...next.local],
    reads: new Set([...first.reads, ...next.reads]),
    writes: new Set([...first.writes, ...next.writes]),
    micros: first.micros + next.micros,
    joins: first.joins || next.joins,
  }
}
