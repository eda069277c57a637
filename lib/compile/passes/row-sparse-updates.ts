// Row-sparse updates: where a gradient is zeros with a few rows added, as that of an embedding's table is, and only an
// update reads it, the update takes the rows. The zeroed table is then neither written nor read.

import { kernelRow } from '../../backend/table.js'
import { callLike, lengthIn, rolesOf, sizeAt } from '../analysis/arguments.js'
import { DefUse } from '../analysis/def-use.js'
import { effectsOf, overwrites, writes } from '../analysis/effects.js'
import { type Argument, type Call, isReference, type Program, type Reference, type Value } from '../program.js'

const none: ReadonlyMap<number, Argument> = new Map()

/** The program with row-sparse updates. Ids are checked where they were, by what lists the rows. */
export function useRowSparseUpdates(program: Program): Program {
  const defUse = new DefUse(program)
  const values: Value[] = [...program.values]
  const calls: Call[] = [...program.calls]
  for (const [at, update] of program.calls.entries()) {
    const kernel = kernelRow(update.kernel).rowSparse
    const roles = rolesOf(update).update
    if (kernel === undefined || roles === undefined) continue
    const scatterAt = soleScatterOf(program, defUse, update.args[roles.gradient], at)
    if (scatterAt === undefined) continue
    const scatter = program.calls[scatterAt]
    const lists = listsOf(values, scatter)
    calls[scatterAt] = lists
    // The scatter comes first: of the two gradients the update takes the rows.
    calls[at] = callLike(kernel, update.source, [scatter, lists, update], none, () => undefined)
  }
  return { values, calls, results: program.results }
}

/**
 * The scatter that makes `argument`, if only it and the call at `at` use that, which reads it whole, and the rows that it
 * adds are still there.
 */
function soleScatterOf(program: Program, defUse: DefUse, argument: Argument, at: number): number | undefined {
  const { values, calls } = program
  const pair = isReference(argument) ? defUse.solePairOf(argument.value) : undefined
  if (pair === undefined) return undefined
  const { writer, reader } = pair
  const scatter = calls[writer]
  const roles = rolesOf(scatter).scatter
  if (roles === undefined || sizeAt(scatter, roles.outer) !== 1) return undefined
  const { value } = argument as Reference
  const isReadWhole = effectsOf(values, calls[reader]).some(
    effect => effect.value === value && effect.needed === values[value].length,
  )
  const isMadeWhole = effectsOf(values, scatter).every(effect => !writes(effect) || overwrites(values, effect))
  const rows = scatter.args[roles.gradient]
  return isReadWhole && isMadeWhole && isReference(rows) && defUse.stays(rows.value, writer, at) ? writer : undefined
}

/** The call that lists the rows of a scatter, in its place; what it makes is added to the values. */
function listsOf(values: Value[], scatter: Call): Call {
  const kernel = kernelRow(scatter.kernel).lists as string
  return callLike(kernel, scatter.source, [scatter], none, (_, length) => {
    const id = values.length
    values.push({ id, dtype: 'int32', length: lengthIn(scatter, length), origin: { kind: 'made' } })
    return { value: id }
  })
}
