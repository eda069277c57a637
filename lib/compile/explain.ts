// A plan explained to a person: what was recorded, what is run, and what each pass has saved.

import { sizeOf } from './analysis/effects.js'
import { dump, dumpStep, dumpValue } from './dump.js'
import { aligned } from './memory/assignment.js'
import { isGroup, isRegion, type Plan, workOf } from './plan.js'
import { passesFor } from './planner.js'
import type { Program, Value } from './program.js'

/** The bytes that the values would fill if each lay in memory of its own. */
export const separateBytes = (values: readonly Value[]): number =>
  values.reduce((bytes, value) => bytes + ('array' in value.origin ? 0 : aligned(sizeOf(value))), 0)

/** Kernels after each pass, by name. */
function countsOf(program: Program, plan: Plan): [string, string][] {
  const { steps } = plan
  const counts: [string, string][] = [['recorded', `${program.calls.length} kernels`]]
  let shorter = program
  // Without fusion the steps are the calls that the passes leave.
  const isFused = steps !== plan.program.calls
  for (const { name, run } of passesFor(isFused)) {
    shorter = run(shorter)
    counts.push([name, `${shorter.calls.length} kernels`])
  }
  const work = steps.flatMap(workOf)
  const groups = work.filter(isGroup)
  const members = groups.reduce((sum, group) => sum + group.members.length, 0)
  const inGroups = groups.length === 0 ? '' : `, ${members} kernels of them in ${groups.length} groups`
  counts.push(['fused', `${work.length} steps${inGroups}`])
  const regions = steps.filter(isRegion).length
  counts.push(['scheduled', `${steps.length} steps, ${regions} of them parallel regions`])
  return counts
}

/** Where each value lies, the lowest place first. */
function buffersOf({ program: { values }, offsets }: Plan): string[] {
  return values
    .filter(({ id }) => offsets[id] !== -1)
    .toSorted((a, b) => offsets[a.id] - offsets[b.id] || a.id - b.id)
    .map(value => `${String(offsets[value.id]).padStart(8)} ${dumpValue(value)}`)
}

/**
 * The program as recorded and as planned, its constants, its buffers, and kernels and bytes before and after.
 * @param program the one that `plan` was made of.
 */
export function explain(program: Program, plan: Plan): string {
  const constants = program.values.filter(({ origin }) => origin.kind === 'constant').map(dumpValue)
  const counts = countsOf(program, plan).map(([name, count]) => `${name}: ${count}`)
  const section = (title: string, lines: readonly string[]): string => [`# ${title}`, ...lines].join('\n')
  return [
    section('recorded', [dump(program)]),
    section(
      'planned',
      plan.steps.map((step, at) => `${at}: ${dumpStep(step)}`),
    ),
    section('constants', constants),
    section('buffers', buffersOf(plan)),
    section('kernels', counts),
    section('bytes', [`each value apart: ${separateBytes(program.values)}`, `arena: ${plan.arenaBytes}`]),
  ].join('\n\n')
}
