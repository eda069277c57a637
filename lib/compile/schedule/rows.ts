// How a call or a group falls into rows, by the rules of its kernel: which of its values have rows of their own, so that a
// range of rows can be done apart from the others.

import { maskOf, rulesOf } from '../../backend/rules/rules.js'
import { kernelRow } from '../../backend/table.js'
import { Layout } from '../../base/layout.js'
import { sizeAt } from '../analysis/arguments.js'
import { effectsOf, reportsIndex, writes } from '../analysis/effects.js'
import { gridOf, layoutsOf } from '../analysis/grid.js'
import { type Group, isGroup, type Work } from '../plan.js'
import type { Call, Value } from '../program.js'

export interface Rows {
  readonly count: number
  /** The size among the call's arguments that counts them; −1: the rows, or all points, of a grid. */
  readonly axis: number
  /** The arguments that are `count` equal parts, of which row i reads or writes the i-th only, as bits; 0 over a grid. */
  readonly arguments: number
  /** The values that are. Others are read whole. */
  readonly along: ReadonlySet<number>
}

/** The rows of a step, or null where it can only be done whole. */
export function rowsOf(values: readonly Value[], step: Work): Rows | null {
  if (isGroup(step)) return ofGroup(values, step)
  if (kernelRow(step.kernel).class === 'elementwise') return ofElementwise(values, step)
  const { axis, along } = axisOf(values, step)
  const count = sizeAt(step, axis)
  if (axis === -1 || count === 0) return null
  const uses = effectsOf(values, step).map(({ value, needed, at }) => ({
    value,
    needed,
    goesAlong: (along & (1 << at)) !== 0,
  }))
  return { count, axis, arguments: along, along: alongOf(values, uses) }
}

/**
 * The size along which ranges of a call that is not elementwise are done, −1: none. A reduction of one line goes along
 * what it reads, since what ranges of it give is combined in the end; one product has its output's rows, and may need all
 * of its factors; any other call goes along the size that leads all that it writes.
 */
function axisOf(values: readonly Value[], call: Call): { readonly axis: number; readonly along: number } {
  const { roles, leading, along } = rulesOf(call.kernel)
  const { product, reduction } = roles
  if (reduction !== undefined && sizeAt(call, reduction.outer) === 1) {
    return { axis: reduction.n, along: maskOf([reduction.input]) }
  }
  if (product !== undefined) {
    const isBatch = [product.batchRows, product.batchCols].some(at => at !== undefined && sizeAt(call, at) !== 1)
    const written = effectsOf(values, call).filter(writes)
    return { axis: isBatch ? -1 : product.m, along: maskOf(written.map(({ at }) => at)) }
  }
  return { axis: reportsIndex(call) ? -1 : leading, along }
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
  return { count: flat ? rows * cols : rows, axis: -1, arguments: 0, along: alongOf(values, uses) }
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
    effectsOf(values, call).map(({ role, value }) => ({
      value,
      layout: role === 'out' ? Layout.full : layouts[operand++],
    })),
  )
}
