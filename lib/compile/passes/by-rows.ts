// Updates that go by rows: where a gradient is zeros with a few rows added, as that of an embedding's table is, and only
// an update reads it, the update takes the rows. The zeroed table is then neither written nor read.

import { kernelRow } from '../../backend/table.js'
import { type Argument, type Call, isReference, type Program, type Reference, type Value } from '../program.js'
import { accessesOf, overwrites, writes } from './accesses.js'
import { argumentOf, callOf, firstNamed } from './named.js'

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
    const scatterAt = uses.soleScatterOf(argumentOf(update, gradient), at)
    if (scatterAt === undefined) continue
    const scatter = program.calls[scatterAt]
    const lists = listsOf(values, scatter)
    calls[scatterAt] = lists
    calls[at] = callOf(kernel, update.source, name => firstNamed(name, scatter, lists, update))
  }
  return { values, calls, results: program.results }
}

/** Who writes and reads what, by the positions of the calls. */
class Uses {
  readonly #program: Program
  readonly #writers = new Map<number, number[]>()
  /** With whether they read the value whole. */
  readonly #readers = new Map<number, boolean[]>()

  constructor(program: Program) {
    this.#program = program
    for (const [at, call] of program.calls.entries()) {
      for (const access of accessesOf(program.values, call)) {
        const { value, needed } = access
        if (writes(access)) this.#writers.set(value, [...(this.#writers.get(value) ?? []), at])
        else this.#readers.set(value, [...(this.#readers.get(value) ?? []), needed === program.values[value].length])
      }
    }
  }

  /**
   * The scatter that makes `argument`, if nothing but the call at `at` has to do with it and the rows that it adds are
   * still there.
   */
  soleScatterOf(argument: Argument, at: number): number | undefined {
    if (!isReference(argument)) return undefined
    const { values, calls, results } = this.#program
    const { value } = argument
    const [writer, ...others] = this.#writers.get(value) ?? []
    const [isReadWhole, ...more] = this.#readers.get(value) ?? []
    const isSole = others.length === 0 && more.length === 0 && !results.includes(value)
    if (writer === undefined || !isSole || !isReadWhole || values[value].origin.kind !== 'made') return undefined
    const call = calls[writer]
    if (kernelRow(call.kernel).scatters === undefined || argumentOf(call, 'outer') !== 1) return undefined
    const isWhole = accessesOf(values, call).every(access => !writes(access) || overwrites(values, access))
    const rows = argumentOf(call, gradient)
    const stay = isReference(rows) && (this.#writers.get(rows.value) ?? []).every(each => each < writer || each > at)
    return isWhole && stay ? writer : undefined
  }
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
