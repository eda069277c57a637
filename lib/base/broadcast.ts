// Converts shapes to the arguments of an elementwise kernel: a grid rows × cols, a layout for each operand, and outer axes
// where two are not enough. Axes that broadcast alike for all operands are merged first.

import { ShapeError, showShape } from './errors.js'
import { Layout } from './layout.js'
import { type Shape, sameShape, sizeOf } from './shape.js'

export interface Grid {
  readonly rows: number
  readonly cols: number
  readonly layouts: readonly Layout[]
  readonly outer: Int32Array | undefined
}

/** A run of axes: how many points, and a bit for each operand that repeats along it. */
interface Run {
  count: number
  repeats: number
}

const maxOuter = 4
const byRepeats = [Layout.full, Layout.column, Layout.row, Layout.scalar]

/** The grid over `shape`, to which operands of `shapes` broadcast. */
export function gridOf(op: string, shape: Shape, shapes: readonly Shape[]): Grid {
  const runs = joinAxes(shape, shapes)
  const cols = runs.length > 0 ? runs[runs.length - 1] : { count: 1, repeats: 0 }
  const rows = runs.length > 1 ? runs[runs.length - 2] : { count: 1, repeats: cols.repeats }
  const layouts = shapes.map((_, i) => byRepeats[(((rows.repeats >> i) & 1) << 1) | ((cols.repeats >> i) & 1)])
  if (runs.length <= 2) return { rows: rows.count, cols: cols.count, layouts, outer: undefined }
  if (runs.length - 2 > maxOuter) {
    throw new ShapeError(
      `${op}: expected shapes whose axes alternate in at most ${maxOuter + 2} runs, got ${shapes.map(showShape).join(' and ')}`,
    )
  }
  return { rows: rows.count, cols: cols.count, layouts, outer: outerAxes(runs, shapes.length) }
}

function joinAxes(shape: Shape, shapes: readonly Shape[]): Run[] {
  const runs: Run[] = []
  for (let axis = 0; axis < shape.length; axis++) {
    const count = shape[axis]
    if (count === 1) continue
    let repeats = 0
    for (let i = 0; i < shapes.length; i++) {
      const own = axis - (shape.length - shapes[i].length)
      if (own < 0 || shapes[i][own] === 1) repeats |= 1 << i
    }
    const last = runs[runs.length - 1]
    if (last !== undefined && last.repeats === repeats) last.count *= count
    else runs.push({ count, repeats })
  }
  return runs
}

/** (count, stride of each operand) for every run but the inner two. */
function outerAxes(runs: readonly Run[], operands: number): Int32Array {
  const outer = new Int32Array((runs.length - 2) * (1 + operands))
  for (let i = 0; i < operands; i++) {
    let stride = 1
    for (let r = runs.length - 1; r >= 0; r--) {
      const repeats = (runs[r].repeats >> i) & 1
      if (r < runs.length - 2) {
        outer[r * (1 + operands)] = runs[r].count
        outer[r * (1 + operands) + 1 + i] = repeats ? 0 : stride
      }
      if (!repeats) stride *= runs[r].count
    }
  }
  return outer
}

const bothFull = [Layout.full, Layout.full]
const secondScalar = [Layout.full, Layout.scalar]
const firstScalar = [Layout.scalar, Layout.full]

/** The grid over two operands of `size` elements and one shape. */
export const flatGrid = (size: number): Grid => ({ rows: 1, cols: size, layouts: bothFull, outer: undefined })

/** gridOf for two operands, with fast paths for the common cases. */
export function gridOfTwo(op: string, shape: Shape, a: Shape, b: Shape): Grid {
  const cols = sizeOf(shape)
  if (sameShape(a, b)) return flatGrid(cols)
  if (sizeOf(b) === 1) return { rows: 1, cols, layouts: secondScalar, outer: undefined }
  if (sizeOf(a) === 1) return { rows: 1, cols, layouts: firstScalar, outer: undefined }
  return gridOf(op, shape, [a, b])
}
