// Iterates over an elementwise kernel's grid as inner loops, in NumPy's sense: along one, each operand advances by a
// fixed step (0 or 1), so that a kernel is one plain loop. This file has no arithmetic.

import { Layout } from '../../../base/layout.js'
import type { NumberArray } from '../../signature.js'

/** Writes n results from out[o] on; operand a is read from a[i] on in steps of di. s and t are the kernel's scalars. */
export type UnaryLoop = (
  n: number,
  out: NumberArray,
  o: number,
  a: NumberArray,
  i: number,
  di: number,
  s: number,
  t: number,
) => void

/** The same with a second operand, read from b[j] on in steps of dj. */
export type BinaryLoop = (
  n: number,
  out: NumberArray,
  o: number,
  a: NumberArray,
  i: number,
  di: number,
  b: NumberArray,
  j: number,
  dj: number,
  s: number,
  t: number,
) => void

/** An inner loop: where each of three operands starts, and its step. A missing operand has step 0. */
export type Visit = (n: number, o: number, i: number, di: number, j: number, dj: number, k: number, dk: number) => void

/** On a grid of one row or one column, `row` and `column` are full or scalar. */
function simplify(layout: Layout, rows: number, cols: number): Layout {
  if (cols === 1 && layout === Layout.column) return Layout.full
  if (cols === 1 && layout === Layout.row) return Layout.scalar
  if (rows === 1 && layout === Layout.row) return Layout.full
  if (rows === 1 && layout === Layout.column) return Layout.scalar
  return layout
}

/** Whether one inner loop covers the whole grid for this operand. */
export const isFlat = (layout: Layout): boolean => layout === Layout.full || layout === Layout.scalar
const stepInRow = (layout: Layout): number => (layout === Layout.full || layout === Layout.row ? 1 : 0)
const stepOfRows = (layout: Layout, cols: number): number =>
  layout === Layout.full ? cols : layout === Layout.column ? 1 : 0

/** Visits the inner loops of the grid rows × cols at each point of the outer axes, in the order of `out`. */
export function eachInnerLoop(
  rows: number,
  cols: number,
  layouts: readonly [a: Layout, b?: Layout, c?: Layout],
  outer: Int32Array | undefined,
  visit: Visit,
): void {
  const a = simplify(layouts[0], rows, cols)
  const b = simplify(layouts[1] ?? Layout.scalar, rows, cols)
  const c = simplify(layouts[2] ?? Layout.scalar, rows, cols)
  const flat = isFlat(a) && isFlat(b) && isFlat(c)
  const count = flat ? 1 : rows
  const n = flat ? rows * cols : cols
  const di = stepInRow(a)
  const dj = stepInRow(b)
  const dk = stepInRow(c)
  const rowA = stepOfRows(a, cols)
  const rowB = stepOfRows(b, cols)
  const rowC = stepOfRows(c, cols)
  const width = 1 + layouts.length
  let o = 0
  const grid = (i: number, j: number, k: number): void => {
    for (let row = 0; row < count; row++) {
      visit(n, o, i, di, j, dj, k, dk)
      o += n
      i += rowA
      j += rowB
      k += rowC
    }
  }
  if (outer === undefined) {
    grid(0, 0, 0)
    return
  }
  const axis = (at: number, i: number, j: number, k: number): void => {
    if (at === outer.length) {
      grid(i, j, k)
      return
    }
    const strideA = outer[at + 1]
    const strideB = width > 2 ? outer[at + 2] : 0
    const strideC = width > 3 ? outer[at + 3] : 0
    for (let point = 0; point < outer[at]; point++) {
      axis(at + width, i + point * strideA, j + point * strideB, k + point * strideC)
    }
  }
  axis(0, 0, 0, 0)
}
