// The grid that an elementwise call works over, and when two calls work over the same one.

import { Layout } from '../../backend/signature.js'
import { kernelRow } from '../../backend/table.js'
import { type Call, signatureOf } from '../program.js'

/** `flat`: every operand is full or scalar, so that only the number of points, rows·cols, counts. */
export interface Grid {
  readonly rows: number
  readonly cols: number
  readonly flat: boolean
}

/** On a grid of one row, one column or one point, `row` and `column` are plainly full or scalar. */
function simplify(layout: Layout, rows: number, cols: number): Layout {
  if (rows * cols === 1) return Layout.full
  if (cols === 1 && layout !== Layout.full) return layout === Layout.column ? Layout.full : Layout.scalar
  if (rows === 1 && layout !== Layout.full) return layout === Layout.row ? Layout.full : Layout.scalar
  return layout
}

const argumentsOf = (call: Call, role: string): unknown[] =>
  signatureOf(call.kernel).args.flatMap((parameter, at) => (parameter.role === role ? [call.args[at]] : []))

/** How each operand lies over the call's grid, in the simplest words. */
export function layoutsOf(call: Call): Layout[] {
  const [rows, cols] = argumentsOf(call, 'size') as number[]
  return argumentsOf(call, 'layout').map(layout => simplify(layout as Layout, rows, cols))
}

/** The grid of an elementwise call over it alone; null for any other call, and for one that has nothing to do. */
export function gridOf(call: Call): Grid | null {
  if (kernelRow(call.kernel).class !== 'elementwise') return null
  const [outer] = argumentsOf(call, 'outer') as (Int32Array | undefined)[]
  const [rows, cols] = argumentsOf(call, 'size') as number[]
  if ((outer !== undefined && outer.length > 0) || rows * cols === 0) return null
  const flat = layoutsOf(call).every(layout => layout === Layout.full || layout === Layout.scalar)
  return flat ? { rows: 1, cols: rows * cols, flat } : { rows, cols, flat }
}

/** The grid over which both work, or null. */
export function commonGrid(a: Grid, b: Grid): Grid | null {
  if (a.rows * a.cols !== b.rows * b.cols) return null
  if (a.flat) return b
  return b.flat || a.rows === b.rows ? a : null
}
