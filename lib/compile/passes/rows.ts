// How a call or a group goes row by row: which of its values have rows of their own, so that a range of rows can be done
// apart from the others.

import { isArray } from '../../backend/lengths/product.js'
import { kernelRow } from '../../backend/table.js'
import { Layout } from '../../base/layout.js'
import { type Group, isGroup, type Work } from '../plan.js'
import { type Call, isReference, signatureOf, type Value } from '../program.js'
import { accessesOf, reportsIndex } from './accesses.js'
import { gridOf, layoutsOf } from './grid.js'

export interface Rows {
  readonly count: number
  /** The values that are `count` equal parts, of which row i reads or writes the i-th only. Others are read whole. */
  readonly along: ReadonlySet<number>
}

/** The rows of a step, or null where it can only be done whole. */
export function rowsOf(values: readonly Value[], step: Work): Rows | null {
  if (isGroup(step)) return ofGroup(values, step)
  const kind = kernelRow(step.kernel).class
  if (kind === 'elementwise') return ofElementwise(values, step)
  if (kernelRow(step.kernel).combines === true && numberAt(step, 'outer') === 1) return ofReduction(values, step)
  return kind === 'product' ? ofProduct(values, step) : ofLeading(values, step)
}

/** A reduction of one line goes along what it reads: what stretches of it give is put together in the end. */
function ofReduction(values: readonly Value[], call: Call): Rows | null {
  const count = numberAt(call, 'n')
  const uses = accessesOf(values, call).map(access => ({ ...access, goesAlong: access.role === 'in' }))
  return count === 0 ? null : { count, along: alongOf(values, uses) }
}

/** One use of a value; `needed`: its first elements, in rows where it goes along. */
interface RowUse {
  readonly value: number
  readonly needed: number
  readonly goesAlong: boolean
}

/** The values that always go along, and are used to their end: of others, the rows are not equal parts. */
function alongOf(values: readonly Value[], uses: readonly RowUse[]): Set<number> {
  const along = new Set(uses.map(({ value }) => value))
  for (const { value, needed, goesAlong } of uses) {
    if (!goesAlong || values[value].length !== needed) along.delete(value)
  }
  return along
}

/** Layouts over a grid: full operands have the grid's rows, a column one element a row; the rest is the same for each. */
function overGrid(
  values: readonly Value[],
  rows: number,
  cols: number,
  operands: readonly { value: number; layout: Layout }[],
): Rows {
  const flat = operands.every(({ layout }) => layout === Layout.full || layout === Layout.scalar)
  const uses = operands.map(({ value, layout }) => ({
    value,
    needed: layout === Layout.full ? rows * cols : rows,
    goesAlong: layout === Layout.full || layout === Layout.column,
  }))
  return { count: flat ? rows * cols : rows, along: alongOf(values, uses) }
}

function ofGroup(values: readonly Value[], { rows, cols, members }: Group): Rows {
  const operands = members.flatMap(({ operands, out }) => [
    ...operands.flatMap(operand => ('value' in operand ? [operand] : [])),
    ...(out === null ? [] : [{ value: out, layout: Layout.full }]),
  ])
  return overGrid(values, rows, cols, operands)
}

function ofElementwise(values: readonly Value[], call: Call): Rows | null {
  const grid = gridOf(call)
  if (grid === null) return null
  const layouts = layoutsOf(call)
  let operand = 0
  return overGrid(
    values,
    grid.rows,
    grid.cols,
    accessesOf(values, call).map(({ role, value }) => ({
      value,
      layout: role === 'out' ? Layout.full : layouts[operand++],
    })),
  )
}

/** One product has its output's rows; of its factors it may need all. */
function ofProduct(values: readonly Value[], call: Call): Rows | null {
  const size = (name: string): number => numberAt(call, name)
  const uses = accessesOf(values, call).map(access => ({ ...access, goesAlong: access.role !== 'in' }))
  const isBatch = signatureOf(call.kernel).args.some(({ name }) => name === 'rows')
  if ((isBatch && size('rows') * size('cols') !== 1) || size('m') === 0) return null
  return { count: size('m'), along: alongOf(values, uses) }
}

/** Where one size leads the length of all that is written. An input has to have it, or places could count. */
function ofLeading(values: readonly Value[], call: Call): Rows | null {
  if (reportsIndex(call)) return null
  const arrays = signatureOf(call.kernel).args.filter(({ role }) => isArray(role))
  const leading = new Set(arrays.filter(({ role }) => role !== 'in').map(({ length }) => length.split('*')[0]))
  const [name] = leading
  if (leading.size !== 1 || !/^[a-z]\w*$/.test(name)) return null
  if (!signatureOf(call.kernel).args.some(each => each.name === name && each.role === 'size')) return null
  const factors = arrays.map(({ length }) => length.split('*'))
  const isPlain = factors.flat().every(factor => /^\w+$/.test(factor))
  if (!isPlain || factors.some(([, ...others]) => others.includes(name))) return null
  if (!arrays.some(({ role, length }) => role !== 'out' && length.split('*')[0] === name)) return null
  const count = numberAt(call, name)
  if (count === 0) return null
  const uses = accessesOf(values, call).map(access => ({
    ...access,
    goesAlong: access.parameter.length.split('*')[0] === name,
  }))
  return { count, along: alongOf(values, uses) }
}

function numberAt(call: Call, name: string): number {
  const at = signatureOf(call.kernel).args.findIndex(each => each.name === name)
  const found = call.args[at]
  return typeof found === 'number' && !isReference(found) ? found : 0
}
