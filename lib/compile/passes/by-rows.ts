// Updates that go by rows: where a gradient is zeros with a few rows added, as that of an embedding's table is, and only
// an update reads it, the update takes the rows. The zeroed table is then neither written nor read.

import { kernelRow } from '../../backend/table.js'
import { type Argument, type Call, isReference, type Program, type Reference, type Value } from '../program.js'
import { accessesOf, overwrites, writes } from './accesses.js'
import { argumentOf, callOf, firstNamed } from './named.js'
import { Uses } from './uses.js'

/** The input that an update by rows takes rows of; the scatter calls them so too. */
const gradient = 'g'

/** The program with such updates by rows. Ids are checked where they were, by what lists the rows. */
export function updateByRows(program: Program): Program {
  const uses = new Uses(program)
  const values: Value[] = [...program.values]
  const calls: Call[] = [...program.calls]
  for (const [at, update] of program.calls.entries()) {
    const kernel = kernelRow(update.kernel).byRows
    if (kernel === undefined) continue
    const scatterAt = soleScatterOf(program, uses, argumentOf(update, gradient), at)
    if (scatterAt === undefined) continue
    const scatter = program.calls[scatterAt]
    const lists = listsOf(values, scatter)
    calls[scatterAt] = lists
    calls[at] = callOf(kernel, update.source, name => firstNamed(name, scatter, lists, update))
  }
  return { values, calls, results: program.results }
}

/**
 * The scatter that makes `argument`, if nothing but the call at `at` has to do with it, which reads it whole, and the rows
 * that it adds are still there.
 */
function soleScatterOf(program: Program, uses: Uses, argument: Argument, at: number): number | undefined {
  const { values, calls } = program
  const pair = isReference(argument) ? uses.solePairOf(argument.value) : undefined
  if (pair === undefined) return undefined
  const { writer, reader } = pair
  const scatter = calls[writer]
  if (kernelRow(scatter.kernel).scatters === undefined || argumentOf(scatter, 'outer') !== 1) return undefined
  const { value } = argument as Reference
  const isReadWhole = accessesOf(values, calls[reader]).some(
    access => access.value === value && access.needed === values[value].length,
  )
  const isMadeWhole = accessesOf(values, scatter).every(access => !writes(access) || overwrites(values, access))
  const rows = argumentOf(scatter, gradient)
  return isReadWhole && isMadeWhole && isReference(rows) && uses.stays(rows.value, writer, at) ? writer : undefined
}

/** The call that says where the rows of a scatter belong, in its place; what it makes is added to the values. */
function listsOf(values: Value[], scatter: Call): Call {
  const kernel = kernelRow(scatter.kernel).scatters as string
  const made = (length: string): Reference => {
    const id = values.length
    values.push({ id, dtype: 'int32', length: argumentOf(scatter, length) as number, origin: { kind: 'made' } })
    return { value: id }
  }
  return callOf(kernel, scatter.source, (name, length) => firstNamed(name, scatter) ?? made(length))
}
