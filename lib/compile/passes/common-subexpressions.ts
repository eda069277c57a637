// Common-subexpression elimination: one call for all with the same kernel, numbers and elements read. Random
// kernels are no exception, since their offset and their state are among what is compared.

import { effectsOf, overwrites, withValues, writes } from '../analysis/effects.js'
import type { Argument, Call, Program, Value } from '../program.js'

const show = (argument: Argument): string => {
  if (Object.is(argument, -0)) return '-0'
  return argument instanceof Int32Array ? `[${argument.join(' ')}]` : String(argument)
}

/** How many calls write each value. */
function countWriters(values: readonly Value[], calls: readonly Call[]): number[] {
  const writers = new Array<number>(values.length).fill(0)
  for (const call of calls) for (const effect of effectsOf(values, call)) if (writes(effect)) writers[effect.value]++
  return writers
}

/** The program with each computation done once; readers of the others read what the first made. */
export function eliminateCommonSubexpressions(program: Program): Program {
  const { values } = program
  const writers = countWriters(values, program.calls)
  const versions = new Array<number>(values.length).fill(0)
  const instead = values.map(({ id }) => id)
  const outputsOf = new Map<string, readonly number[]>()
  const calls = program.calls.flatMap((call): Call[] => {
    const others = effectsOf(values, call).map(({ value }) => instead[value])
    const merged = withValues(values, call, others)
    const effects = effectsOf(values, merged)
    const outputs = effects.filter(writes)
    const isPure = outputs.every(
      effect =>
        overwrites(values, effect) && values[effect.value].origin.kind === 'made' && writers[effect.value] === 1,
    )
    if (!isPure) {
      for (const { value } of outputs) versions[value]++
      return [merged]
    }
    const words = merged.args.map(show)
    for (const { at, role, value } of effects) {
      const { dtype, length } = values[value]
      words[at] = role === 'in' ? `%${value}.${versions[value]}` : `${dtype} ${length}`
    }
    const key = `${call.kernel} ${words.join(', ')}`
    const earlier = outputsOf.get(key)
    if (earlier === undefined) {
      outputsOf.set(
        key,
        outputs.map(({ value }) => value),
      )
      return [merged]
    }
    outputs.forEach(({ value }, i) => {
      instead[value] = earlier[i]
    })
    return []
  })
  return { values, calls, results: program.results.map(id => instead[id]) }
}
