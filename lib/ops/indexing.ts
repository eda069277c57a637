// Looking up by position: rows of a table, elements along an axis. Kernels check the ids; a bad one is an IndexError.

import { ShapeError, showShape } from '../base/errors.js'
import { around, normalizeAxis, type Shape } from '../base/shape.js'
import type { Primitive } from '../core/primitive.js'
import type { Tensor, TensorLike } from '../core/tensor.js'
import { apply } from './machinery/apply.js'
import { checkIds } from './machinery/bad-index.js'
import { expandTo } from './machinery/broadcast-gradient.js'
import { declare, declareFunction, type Method } from './machinery/define.js'
import { asIds, asTensor } from './machinery/operands.js'
import { reshape } from './shaping.js'
import { type Range, slice } from './slicing.js'

const idsArray = (ids: Tensor): Int32Array => ids.storage.array as Int32Array

interface Take {
  readonly op: string
  readonly axis: number
}

/** Rows `ids` (one axis) along an axis. */
const takeOp: Primitive<Take> = {
  name: 'take',
  saves: 'inputs',
  plan: ([a, ids], { axis }) => ({ shape: a.shape.with(axis, ids.size), dtype: a.dtype }),
  forward: (k, out, [a, ids], { op, axis }) => {
    const { outer, n, inner } = around(a.shape, axis)
    checkIds(op, k.take(outer, n, inner, ids.size, a.storage.array, idsArray(ids), out), ids, n)
  },
  vjp: (g, { inputs: [, ids], params, shape, shapes }) =>
    apply(takeBackwardOp, [expandTo(g, shape), ids], { ...params, length: shapes[0][params.axis] }),
}

interface Scatter extends Take {
  /** The length of the axis that the ids point along. */
  readonly length: number
}

/** Zeros with `g` added to the rows `ids`; its own gradient takes those rows. */
const takeBackwardOp: Primitive<Scatter> = {
  name: 'takeBackward',
  saves: 'inputs',
  plan: ([g], { axis, length }) => ({ shape: g.shape.with(axis, length), dtype: g.dtype }),
  forward: (k, out, [g, ids], { op, axis, length }) => {
    const { outer, inner } = around(g.shape, axis)
    checkIds(op, k.takeBackward(outer, length, inner, ids.size, g.storage.array, idsArray(ids), out), ids, length)
  },
  vjp: (h, { inputs: [, ids], params, shape }, i) =>
    i === 0 ? apply(takeOp, [expandTo(h, shape), ids], params) : null,
}

const takeFrom = (op: string, a: Tensor, axis: number, ids: Tensor): Tensor => apply(takeOp, [a, ids], { op, axis })

/** Rows by index along an axis: ids [count], int32; a repeated id repeats its row, and its gradients add up. */
export const indexSelect: Method<(a: TensorLike, axis: number, ids: TensorLike) => Tensor> = declare({
  name: 'indexSelect',
  call: (a: TensorLike, axis: number, ids: TensorLike) => {
    const x = asTensor('indexSelect', a)
    const at = normalizeAxis('indexSelect', axis, x.ndim)
    const positions = asIds('indexSelect', 'indices', ids)
    if (x.ndim === 0 || positions.ndim > 1) {
      throw new ShapeError(
        `indexSelect: expected a tensor with axes and indices [count], got ${showShape(x.shape)} and ${showShape(positions.shape)}`,
      )
    }
    return takeFrom('indexSelect', x, at, reshape(positions, [positions.size]))
  },
  samples: s => [
    [s.real(5, 3), 0, s.ids(5, 7)],
    [s.real(2, 5, 3), 1, s.ids(5, 4)],
    [s.real(3, 4), -1, s.ids(4, 6)],
    [s.real(4, 2), 0, s.ids(4, 0)],
  ],
})

/** Rows of a table [rows, width] by ids of any shape: [...ids, width]. */
export const embedding: (weight: TensorLike, ids: TensorLike) => Tensor = declareFunction({
  name: 'embedding',
  call: (weight: TensorLike, ids: TensorLike) => {
    const table = asTensor('embedding', weight)
    const positions = asIds('embedding', 'ids', ids)
    if (table.ndim !== 2)
      throw new ShapeError(`embedding: expected weight [rows, width], got ${showShape(table.shape)}`)
    const rows = takeFrom('embedding', table, 0, reshape(positions, [positions.size]))
    return reshape(rows, [...positions.shape, table.shape[1]])
  },
  samples: s => [
    [s.real(7, 3), s.ids(7, 5)],
    [s.real(4, 2), s.ids(4, 2, 3)],
    [s.real(4, 2), s.ids(4)],
  ],
})

const gatherOp: Primitive<number> = {
  name: 'gather',
  saves: 'inputs',
  plan: ([a, ids]) => ({ shape: ids.shape, dtype: a.dtype }),
  forward: (k, out, [a, ids], axis) => {
    const { outer, n, inner } = around(a.shape, axis)
    const count = ids.shape[axis]
    checkIds('gather', k.gather(outer, n, inner, count, a.storage.array, idsArray(ids), out), ids, n)
  },
  vjp: (g, { inputs: [, ids], params: axis, shape, shapes: [whole] }, i) =>
    i === 0 ? apply(gatherBackwardOp, [expandTo(g, shape), ids], { axis, whole }) : null,
}

const gatherBackwardOp: Primitive<{ readonly axis: number; readonly whole: Shape }> = {
  name: 'gatherBackward',
  saves: 'inputs',
  plan: ([g], { whole }) => ({ shape: whole, dtype: g.dtype }),
  forward: (k, out, [g, ids], { axis, whole }) => {
    const { outer, n, inner } = around(whole, axis)
    checkIds('gather', k.gatherBackward(outer, n, inner, ids.shape[axis], g.storage.array, idsArray(ids), out), ids, n)
  },
  vjp: (h, { inputs: [, ids], params: { axis }, shape }, i) =>
    i === 0 ? apply(gatherOp, [expandTo(h, shape), ids], axis) : null,
}

/**
 * Elements along an axis by index, as torch.gather: out[i][j] = a[i][ids[i][j]] for axis 1. ids has a's number of axes,
 * and is nowhere longer than a but along `axis`.
 */
export const gather: Method<(a: TensorLike, axis: number, ids: TensorLike) => Tensor> = declare({
  name: 'gather',
  call: (a: TensorLike, axis: number, ids: TensorLike) => {
    const x = asTensor('gather', a)
    const positions = asIds('gather', 'indices', ids)
    const at = normalizeAxis('gather', axis, x.ndim)
    if (x.ndim === 0 || positions.ndim !== x.ndim || positions.shape.some((n, i) => i !== at && n > x.shape[i])) {
      throw new ShapeError(
        `gather: expected indices that fit ${showShape(x.shape)} beside axis ${at}, got ${showShape(positions.shape)}`,
      )
    }
    const ranges = x.shape.map((n, i): Range => (i === at || n === positions.shape[i] ? null : [0, positions.shape[i]]))
    return apply(gatherOp, [ranges.some(range => range !== null) ? slice(x, ...ranges) : x, positions], at)
  },
  samples: s => [
    [s.real(3, 4), 1, s.ids(4, 3, 2)],
    [s.real(3, 4), 0, s.ids(3, 5, 4)],
    [s.real(2, 3, 4), 1, s.ids(3, 2, 2, 4)],
    [s.real(3, 4), 1, s.ids(4, 2, 3)],
    [s.real(5), 0, s.ids(5, 8)],
  ],
})
