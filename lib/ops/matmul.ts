// Matrix products in all of NumPy's shapes. Backward is two products with transpose flags: no transposed copy, and where
// a matrix serves a whole batch its gradient is one product (or one that adds up), never a broadcast product.

import { gridOf } from '../base/broadcast.js'
import { isFloat } from '../base/dtype.js'
import { DTypeError, ShapeError, showShape } from '../base/errors.js'
import { broadcastShapes, type Shape, sizeOf } from '../base/shape.js'
import type { Plan, Primitive } from '../core/primitive.js'
import type { Tensor, TensorLike } from '../core/tensor.js'
import { apply } from './machinery/apply.js'
import { expandTo, sumTo } from './machinery/broadcast-gradient.js'
import { declare, declareFunction, type Method } from './machinery/define.js'
import { asTensor, unify2 } from './machinery/operands.js'
import { expand, reshape } from './shaping.js'

/** Which operands are stored transposed, and which batch axes the result keeps (others are summed over). */
interface Product {
  readonly transposeA: boolean
  readonly transposeB: boolean
  readonly batch: Shape
}

interface ProductPlan extends Plan {
  readonly m: number
  readonly n: number
  readonly k: number
}

const matrixOf = ({ shape }: Tensor, transposed: boolean): [rows: number, columns: number] => {
  const [rows, columns] = shape.slice(-2)
  return transposed ? [columns, rows] : [rows, columns]
}

/** op(a)·op(b) over a batch; both have at least two axes. The result's batch axes may be shorter: products add up. */
const productOp: Primitive<Product, ProductPlan> = {
  name: 'matmul',
  saves: 'others',
  plan: ([a, b], { transposeA, transposeB, batch }) => {
    const [m, k] = matrixOf(a, transposeA)
    const [, n] = matrixOf(b, transposeB)
    return { shape: [...batch, m, n], dtype: a.dtype, m, n, k }
  },
  forward: (kernels, out, [a, b], { transposeA, transposeB, batch }, { shape, m, n, k }) => {
    const batches = [a.shape.slice(0, -2), b.shape.slice(0, -2), batch]
    const full = broadcastShapes('matmul', batches[0], batches[1])
    if (sizeOf(full) === 1) {
      kernels.matmul(transposeA, transposeB, m, n, k, 1, 1, 0, 0, 0, a.storage.array, b.storage.array, out)
      return
    }
    const { rows, cols, layouts } = gridOf('matmul', full, batches)
    const [la, lb, lo] = layouts
    kernels.matmul(transposeA, transposeB, m, n, k, rows, cols, la, lb, lo, a.storage.array, b.storage.array, out)
    if (rows * cols === 0 && sizeOf(shape) > 0) kernels.fill(sizeOf(shape), 0, out)
  },
  vjp: (g, { inputs: [a, b], params, shape, shapes }, i) => {
    const { transposeA, transposeB } = params
    const full = expandTo(g, shape)
    const batch = shapes[i].slice(0, -2)
    // With A' = op(A), B' = op(B) and C = A'·B': dA' = G·B'ᵀ and dB' = A'ᵀ·G; transposed where the operand is.
    if (i === 0) {
      return transposeA
        ? product(b, full, { transposeA: transposeB, transposeB: true, batch })
        : product(full, b, { transposeA: false, transposeB: !transposeB, batch })
    }
    return transposeB
      ? product(full, a, { transposeA: true, transposeB: transposeA, batch })
      : product(a, full, { transposeA: !transposeA, transposeB: false, batch })
  },
}

/** The product of two stacks of matrices; joins batch and rows into one product where the other side is one matrix. */
function product(a: Tensor, b: Tensor, how: Product): Tensor {
  const { transposeA, transposeB, batch } = how
  const whole = broadcastShapes('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2))
  if (gridOf('matmul', whole, [a.shape.slice(0, -2), b.shape.slice(0, -2), batch]).outer !== undefined) {
    // A grid has two axes: batch axes that alternate more often than that between the operands are laid out first.
    const layOut = (t: Tensor): Tensor => expand(t, [...whole, ...t.shape.slice(-2)])
    const each = apply(productOp, [layOut(a), layOut(b)], { transposeA, transposeB, batch: whole })
    return sumTo(each, each.shape, [...batch, ...each.shape.slice(-2)])
  }
  const isOneMatrix = (t: Tensor): boolean => sizeOf(t.shape.slice(0, -2)) === 1
  const keepsBatch = sizeOf(batch) > 1
  if (keepsBatch && isOneMatrix(b) && !transposeA && a.ndim > 2) {
    const flat = product(flattenRows(a), matrix(b), { transposeA, transposeB, batch: [] })
    return reshape(flat, [...batch, a.shape[a.ndim - 2], flat.shape[1]])
  }
  if (!keepsBatch && sizeOf(a.shape) > 0 && sameBatch(a, b) && transposeA && !transposeB && a.ndim > 2) {
    const flat = apply(productOp, [flattenRows(a), flattenRows(b)], { transposeA, transposeB, batch: [] })
    return batch.length === 0 ? flat : reshape(flat, [...batch, ...flat.shape])
  }
  return apply(productOp, [a, b], how)
}

const sameBatch = (a: Tensor, b: Tensor): boolean =>
  a.ndim === b.ndim && a.shape.slice(0, -2).every((n, i) => n === b.shape[i])
const flattenRows = (t: Tensor): Tensor => reshape(t, [sizeOf(t.shape.slice(0, -1)), t.shape[t.ndim - 1]])
const matrix = (t: Tensor): Tensor => (t.ndim === 2 ? t : reshape(t, t.shape.slice(-2)))

function checked(op: string, a: Tensor, b: Tensor): void {
  if (!isFloat(a.dtype)) throw new DTypeError(`${op}: expected float32 or float64, got ${a.dtype}`)
  if (a.ndim === 0 || b.ndim === 0) {
    throw new ShapeError(`${op}: expected at least one axis, got ${showShape(a.shape)} × ${showShape(b.shape)}`)
  }
}

/**
 * The matrix product, with NumPy's rules: [m, k]·[k, n]; a vector on the left is a row, on the right a column, and that
 * axis is dropped from the result; axes in front broadcast.
 */
export const matmul: Method<(a: TensorLike, b: TensorLike) => Tensor> = declare({
  name: 'matmul',
  call: (a: TensorLike, b: TensorLike) => {
    const [x, y] = unify2('matmul', a, b, false)
    checked('matmul', x, y)
    const left = x.ndim === 1 ? reshape(x, [1, x.size]) : x
    const right = y.ndim === 1 ? reshape(y, [y.size, 1]) : y
    if (left.shape[left.ndim - 1] !== right.shape[right.ndim - 2]) {
      throw new ShapeError(`matmul: inner dimensions differ: ${showShape(x.shape)} × ${showShape(y.shape)}`)
    }
    const batch = broadcastShapes('matmul', left.shape.slice(0, -2), right.shape.slice(0, -2))
    const result = product(left, right, { transposeA: false, transposeB: false, batch })
    if (x.ndim > 1 && y.ndim > 1) return result
    return reshape(result, [
      ...batch,
      ...(x.ndim === 1 ? [] : [left.shape[left.ndim - 2]]),
      ...(y.ndim === 1 ? [] : [right.shape[right.ndim - 1]]),
    ])
  },
  samples: s => [
    [s.real(3, 4), s.real(4, 5)],
    [s.real(1, 7), s.real(7, 1)],
    [s.real(4), s.real(4)],
    [s.real(4), s.real(4, 3)],
    [s.real(3, 4), s.real(4)],
    [s.real(2, 3, 4), s.real(4, 5)],
    [s.real(2, 3, 4), s.real(2, 4, 5)],
    [s.real(3, 4), s.real(2, 4, 5)],
    [s.real(2, 1, 3, 4), s.real(3, 4, 2)],
    [s.real(2, 1, 2, 3, 4), s.real(3, 1, 4, 2)],
    [s.real(4), s.real(2, 4, 3)],
    [s.real(2, 1, 3, 4), s.real(4)],
    [s.real(0, 4), s.real(4, 3)],
    [s.real(3, 0), s.real(0, 2)],
    [s.real(0, 3, 4), s.real(4, 2)],
    [s.real(17, 33), s.real(33, 9)],
  ],
})

/** x·weightᵀ (+ bias), weight [out, in] as PyTorch stores it: one product with a transpose flag. */
export const linear: (x: TensorLike, weight: TensorLike, bias?: TensorLike | null) => Tensor = declareFunction({
  name: 'linear',
  call: (x: TensorLike, weight: TensorLike, bias?: TensorLike | null) => {
    const [a, w] = unify2('linear', x, weight, false)
    checked('linear', a, w)
    if (w.ndim !== 2 || a.shape[a.ndim - 1] !== w.shape[1]) {
      throw new ShapeError(
        `linear: expected x [..., in] and weight [out, in], got ${showShape(a.shape)} and ${showShape(w.shape)}`,
      )
    }
    const b = bias === undefined || bias === null ? null : asTensor('linear', bias, w.dtype)
    if (b !== null && (b.ndim !== 1 || b.size !== w.shape[0])) {
      throw new ShapeError(`linear: expected bias [${w.shape[0]}], got ${showShape(b.shape)}`)
    }
    const rows = a.ndim === 2 ? a : reshape(a, [sizeOf(a.shape.slice(0, -1)), w.shape[1]])
    const flat = product(rows, w, { transposeA: false, transposeB: true, batch: [] })
    const result = a.ndim === 2 ? flat : reshape(flat, [...a.shape.slice(0, -1), w.shape[0]])
    return b === null ? result : result.add(b)
  },
  samples: s => [
    [s.real(3, 4), s.real(5, 4)],
    [s.real(3, 4), s.real(5, 4), s.real(5)],
    [s.real(2, 3, 4), s.real(2, 4), s.real(2)],
    [s.real(4), s.real(3, 4), s.real(3)],
    [s.real(0, 4), s.real(3, 4), s.real(3)],
  ],
})
