// Dead-code elimination: removes calls whose results are never read. The program's results and its state are live at the end.

import { effectsOf, overwrites, reportsIndex, writes } from '../analysis/effects.js'
import type { Call, Program, Value } from '../program.js'
import { signatureOf } from '../program.js'

/** The program without dead calls. A bad index is reported as before, by the same call. */
export function eliminateDeadCode(program: Program): Program {
  const { values, calls, results } = program
  const state = values.flatMap(({ id, origin }) => (origin.kind === 'state' ? [id] : []))
  const live = new Set<number>([...results, ...state])
  const firstChecks = findFirstChecks(values, calls)
  const kept: Call[] = []
  for (let at = calls.length - 1; at >= 0; at--) {
    const call = calls[at]
    const effects = effectsOf(values, call)
    const wanted = effects.some(effect => writes(effect) && live.has(effect.value))
    if (!wanted && !firstChecks.has(call)) continue
    kept.push(call)
    for (const effect of effects) if (overwrites(values, effect)) live.delete(effect.value)
    for (const { role, value } of effects) if (role !== 'out') live.add(value)
    // A run may end here: what the state is by now is then what it stays.
    if (reportsIndex(call)) for (const id of state) live.add(id)
  }
  return { values, calls: kept.reverse(), results }
}

/**
 * The calls that check ids for the first time. Two kernels check alike where their sizes and scalars are the same by
 * name (the bound is one of them) and so are their ids: the same elements, not written in between. Where the first
 * call passes, so does the second.
 */
function findFirstChecks(values: readonly Value[], calls: readonly Call[]): Set<Call> {
  const first = new Set<Call>()
  const seen = new Set<string>()
  const versions = new Array<number>(values.length).fill(0)
  for (const call of calls) {
    const effects = effectsOf(values, call)
    if (reportsIndex(call)) {
      const numbers = signatureOf(call.kernel).args.flatMap(({ name, role }, at) =>
        role === 'size' || role === 'scalar' ? [`${name} ${call.args[at]}`] : [],
      )
      const ids = effects.flatMap(({ role, parameter: { name, element }, value, needed }) =>
        role === 'in' && element === 'int32' ? [`${name} %${value}.${versions[value]} ${needed}`] : [],
      )
      const check = [...numbers, ...ids].sort().join(', ')
      if (!seen.has(check)) first.add(call)
      seen.add(check)
    }
    for (const effect of effects) if (writes(effect)) versions[effect.value]++
  }
  return first
}
