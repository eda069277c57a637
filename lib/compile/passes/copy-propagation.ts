// Copy propagation: removes copies of values that do not change afterwards; the readers of a copy read the original.

import { kernelRow } from '../../backend/table.js'
import { Layout } from '../../base/layout.js'
import { effectsOf, withValues, writes } from '../analysis/effects.js'
import { gridOf, layoutsOf } from '../analysis/grid.js'
import type { Call, Program, Value } from '../program.js'

/** The program with readers of such copies reading what was copied. */
export function propagateCopies(program: Program): Program {
  const { values } = program
  const lastWrite = new Array<number>(values.length).fill(-1)
  const writers = new Array<number>(values.length).fill(0)
  program.calls.forEach((call, at) => {
    for (const effect of effectsOf(values, call)) {
      if (!writes(effect)) continue
      lastWrite[effect.value] = at
      writers[effect.value]++
    }
  })
  const instead = values.map(({ id }) => id)
  const calls = program.calls.flatMap((call, at): Call[] => {
    const others = effectsOf(values, call).map(({ value }) => instead[value])
    const renamed = withValues(values, call, others)
    const copied = copyOf(values, renamed)
    if (copied === null) return [renamed]
    const { from, to } = copied
    const stays = lastWrite[from] < at && writers[to] === 1 && values[to].origin.kind === 'made'
    if (!stays) return [renamed]
    instead[to] = from
    return []
  })
  return { values, calls, results: program.results.map(id => instead[id]) }
}

/** What a call copies whole to where, if that is all it does. */
function copyOf(values: readonly Value[], call: Call): { from: number; to: number } | null {
  if (kernelRow(call.kernel).copies !== true || gridOf(call) === null || layoutsOf(call)[0] !== Layout.full) return null
  const effects = effectsOf(values, call)
  const [from, to] = ['in', 'out'].map(role => effects.find(effect => effect.role === role)?.value ?? -1)
  const whole = effects.every(({ value, needed }) => values[value].length === needed)
  return whole ? { from, to } : null
}
