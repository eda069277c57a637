// Puts steps side by side that need nothing of each other, so that threads meet once for all of them: the two products
// of a backward, the updates of many parameters. What goes on with a product's rows joins it in its lane (see lanes.ts).

import { kernelRow } from '../../backend/table.js'
import { finish, type Parts } from '../parts.js'
import { isGroup, type Step, type Work } from '../plan.js'
import type { Program, Value } from '../program.js'
import { reportsIndex } from './accesses.js'
import { usesOfWork } from './check-region.js'
import { microsOf } from './cost.js'
import { joinRows } from './lanes.js'
import { conflict, endOfRun, Footprint } from './nodes.js'
import type { Limits, Strand } from './strand.js'

/** How far down a step is looked for that could run beside another. */
const window = 64
const worthwhile: Limits = { leastMicros: 5, leastBytes: 32 * 1024, leastStream: 1024 * 1024 }

export const runTogether = (program: Program, steps: readonly Work[], limits?: Limits): Step[] =>
  finish(runTogetherInParts(program, steps, limits))

/** The same, in parts. */
export function* runTogetherInParts(
  { values, results }: Program,
  steps: readonly Work[],
  limits = worthwhile,
): Parts<Step[]> {
  const strands: Strand[] = []
  for (const work of steps) if (strands.push(strandOf(values, work, limits)) % 64 === 0) yield
  const left = [...joinRows(values, results, strands, limits)]
  yield
  const planned: Step[] = []
  while (left.length > 0) {
    if (left.length % 32 === 0) yield
    const [first] = left
    const lanes = first.joins ? takeBeside(left) : [left.shift() as Strand]
    const [{ rows, steps }] = lanes
    if (lanes.length === 1 && rows === 1) planned.push(...steps)
    else planned.push({ lanes: lanes.map(({ rows, steps, passing }) => ({ rows, steps, passing })) })
  }
  return planned
}

/** Takes the first strand, and all below that may run at the same time: no strand that stays is in their way. */
function takeBeside(left: Strand[]): Strand[] {
  const lanes = [left[0]]
  const taken = new Footprint()
  taken.add(left[0])
  const passed = new Footprint()
  const kept: Strand[] = []
  const near = Math.min(left.length, window + 1)
  for (const strand of left.slice(1, near)) {
    if (strand.joins && !conflict(strand, taken) && !conflict(strand, passed)) {
      lanes.push(strand)
      taken.add(strand)
    } else {
      passed.add(strand)
      kept.push(strand)
    }
  }
  left.splice(0, near, ...kept)
  return lanes
}

function strandOf(values: readonly Value[], work: Work, { leastMicros }: Limits): Strand {
  const uses = usesOfWork(values, work)
  const written = new Set(uses.flatMap(({ id, written }) => (written ? [id] : [])))
  const read = new Set(uses.map(({ id }) => id))
  if ([...written].some(id => values[id].origin.kind === 'state')) read.add(endOfRun)
  const reports = !isGroup(work) && reportsIndex(work)
  if (reports) written.add(endOfRun)
  const micros = microsOf(values, work)
  const isUpdate = !isGroup(work) && kernelRow(work.kernel).class === 'optimizer'
  const joins = !reports && (isUpdate || micros >= leastMicros)
  return { rows: 1, steps: [work], passing: [], reads: read, writes: written, micros, joins }
}
