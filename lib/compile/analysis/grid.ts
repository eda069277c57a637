// The grid of an elementwise call, and when two calls have the same one.

import type { Role } from '../../backend/signature.js'
import { type KernelName, kernelRow } from '../../backend/table.js'
import { Layout } from '../../base/layout.js'
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

/** Where a kernel's sizes, layouts and outer axes are among its arguments. */
interface Places {
  readonly sizes: readonly number[]
  readonly layouts: readonly number[]
  readonly outer: number
}

const places = new Map<KernelName, Places>()

function placesOf(kernel: KernelName): Places {
  let found = places.get(kernel)
  if (found === undefined) {
    const { args } = signatureOf(kernel)
    const having = (wanted: Role): number[] => args.flatMap(({ role }, at) => (role === wanted ? [at] : []))
    found = { sizes: having('size'), layouts: having('layout'), outer: having('outer')[0] ?? -1 }
    places.set(kernel, found)
  }
  return found
}

const knownLayouts = new WeakMap<Call, readonly Layout[]>()

/** How each operand lies over the call's grid, in the simplest words. */
export function layoutsOf(call: Call): readonly Layout[] {
  let found = knownLayouts.get(call)
  if (found === undefined) {
    const { sizes, layouts } = placesOf(call.kernel)
    const [rows, cols] = sizes.map(at => call.args[at] as number)
    found = layouts.map(at => simplify(call.args[at] as Layout, rows, cols))
    knownLayouts.set(call, found)
  }
  return found
}

/** The grid of an elementwise call over it alone; null for any other call, and for one that has nothing to do. */
export function gridOf(call: Call): Grid | null {
  if (kernelRow(call.kernel).class !== 'elementwise') return null
  const { sizes, outer: outerAt } = placesOf(call.kernel)
  const outer = call.args[outerAt] as Int32Array | undefined
  const [rows, cols] = sizes.map(at => call.args[at] as number)
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
