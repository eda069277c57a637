// SSA conversion: a value that is written whole several times gets a new name each time, so that later passes see one whole
// write of each made value. Memory planning may give the names one buffer again.

import { effectsOf, overwrites, withValues, writes } from '../analysis/effects.js'
import type { Call, Program, Value } from '../program.js'

/** Every made value is written whole at most once, and first. State keeps its name: its memory outlives the run. */
export function convertToSsa(program: Program): Program {
  const values: Value[] = [...program.values]
  const current = values.map(({ id }) => id)
  const touched = new Set<number>()
  const calls = program.calls.map((call): Call => {
    const effects = effectsOf(program.values, call)
    const names = effects.map(({ value }) => current[value])
    for (const [i, effect] of effects.entries()) {
      if (!writes(effect)) continue
      const { value } = effect
      const { dtype, length, origin } = program.values[value]
      if (origin.kind !== 'made') continue
      if (overwrites(program.values, effect) && touched.has(value)) {
        current[value] = values.length
        values.push({ id: values.length, dtype, length, origin })
        names[i] = current[value]
      }
      touched.add(value)
    }
    return withValues(program.values, call, names)
  })
  return { values, calls, results: program.results.map(id => current[id]) }
}
