// Forms parallel regions: independent steps are scheduled concurrently, with one barrier for all of them. Examples are the
// two products of a backward and the updates of many parameters. Steps that go on with a product's rows join its chain
// (chains.ts).

import { kernelRow } from '../../backend/table.js'
import { reportsIndex } from '../analysis/effects.js'
import { conflict, endOfRun, Footprint } from '../analysis/footprint.js'
import { finish, type Parts } from '../parts.js'
import { isGroup, type Step, type Work } from '../plan.js'
import type { Program, Value } from '../program.js'
import { usesOfWork } from '../verify/region.js'
import type { Candidate, Limits } from './candidate.js'
import { formChains } from './chains.js'
import { microsOf } from './cost.js'

/** How many steps ahead a concurrent step is looked for. */
const window = 64
const defaultLimits: Limits = { leastMicros: 5, leastBytes: 32 * 1024, leastStream: 1024 * 1024 }

export const formRegions = (program: Program, steps: readonly Work[], limits?: Limits): Step[] =>
  finish(formRegionsInParts(program, steps, limits))

/** The same, in parts. */
export function* formRegionsInParts(
  { values, results }: Program,
  steps: readonly Work[],
  limits = defaultLimits,
): Parts<Step[]> {
  const candidates: Candidate[] = []
  for (const work of steps) if (candidates.push(candidateOf(values, work, limits)) % 64 === 0) yield
  const left = [...formChains(values, results, candidates, limits)]
  yield
  const planned: Step[] = []
  for (let at = 0; at < left.length; at++) {
    if (at % 32 === 0) yield
    const chains = left[at].joins ? takeIndependent(left, at) : [left[at]]
    at += chains.length - 1
    const [{ rows, steps }] = chains
    if (chains.length === 1 && rows === 1) planned.push(...steps)
    else planned.push({ chains: chains.map(({ rows, steps, local }) => ({ rows, steps, local })) })
  }
  return planned
}

/** Moves the candidates below that are independent of the one at `at`, of each other and of those that they pass up to it. */
function takeIndependent(left: Candidate[], at: number): Candidate[] {
  const chains = [left[at]]
  const taken = new Footprint()
  taken.add(left[at])
  const passed = new Footprint()
  const kept: Candidate[] = []
  for (const candidate of left.slice(at + 1, at + 1 + window)) {
    if (candidate.joins && !conflict(candidate, taken) && !conflict(candidate, passed)) {
      chains.push(candidate)
      taken.add(candidate)
    } else {
      passed.add(candidate)
      kept.push(candidate)
    }
  }
  left.splice(at, chains.length + kept.length, ...chains, ...kept)
  return chains
}

function candidateOf(values: readonly Value[], work: Work, { leastMicros }: Limits): Candidate {
  const uses = usesOfWork(values, work)
  const written = new Set(uses.flatMap(({ id, written }) => (written ? [id] : [])))
  const read = new Set(uses.map(({ id }) => id))
  if ([...written].some(id => values[id].origin.kind === 'state')) read.add(endOfRun)
  const reports = !isGroup(work) && reportsIndex(work)
  if (reports) written.add(endOfRun)
  const micros = microsOf(values, work)
  const isUpdate = !isGroup(work) && kernelRow(work.kernel).class === 'optimizer'
  const joins = !reports && (isUpdate || micros >= leastMicros)
  return { rows: 1, steps: [work], local: [], reads: read, writes: written, micros, joins }
}
