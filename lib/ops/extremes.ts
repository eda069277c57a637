// Where the largest and the smallest element are.

import { ShapeError, showShape } from '../base/errors.js'
import { checkOptions } from '../base/options.js'
import { around, normalizeAxis, reducedShape } from '../base/shape.js'
import type { Plan, Primitive } from '../core/primitive.js'
import type { Tensor, TensorLike } from '../core/tensor.js'
import { apply } from './machinery/apply.js'
import { declare, type Method } from './machinery/define.js'
import { asTensor } from './machinery/operands.js'
import { type ReduceOptions, reduceOptions } from './machinery/reduce-options.js'

interface IndexPlan extends Plan {
  readonly outer: number
  readonly n: number
  readonly inner: number
}

interface IndexParams {
  readonly axis: number | null
  readonly keepdims: boolean
}

function indexOf(
  name: 'argmax' | 'argmin',
): Method<(a: TensorLike, axis?: number | null, options?: ReduceOptions) => Tensor> {
  const op: Primitive<IndexParams, IndexPlan> = {
    name,
    saves: 'nothing',
    plan: ([a], { axis, keepdims }) => {
      const split = axis === null ? { outer: 1, n: a.size, inner: 1 } : around(a.shape, axis)
      if (split.n === 0)
        throw new ShapeError(`${name}: expected at least one element along the axis, got shape ${showShape(a.shape)}`)
      const axes = axis === null || a.ndim === 0 ? a.shape.map((_, i) => i) : [axis]
      return { shape: reducedShape(a.shape, axes, keepdims), dtype: 'int32', ...split }
    },
    forward: (k, out, [a], _, { outer, n, inner }) => k[name](outer, n, inner, a.storage.array, out as Int32Array),
  }
  return declare({
    name,
    differentiable: false,
    call: (a: TensorLike, axis: number | null = null, options: ReduceOptions = {}) => {
      const { keepdims = false } = checkOptions(name, options, reduceOptions)
      const x = asTensor(name, a)
      return apply(op, [x], { axis: axis === null ? null : normalizeAxis(name, axis, x.ndim), keepdims })
    },
    samples: s => [
      [s.distinct(3, 4)],
      [s.distinct(3, 4), 0],
      [s.distinct(2, 3, 4), 1, { keepdims: true }],
      [s.distinct(5, 300), -1],
      [s.distinct()],
    ],
  })
}

/** The position of the largest (the first of several; NaN counts as largest), int32: flat, or along one axis. */
export const argmax: ReturnType<typeof indexOf> = indexOf('argmax')
/** The position of the smallest, likewise. */
export const argmin: ReturnType<typeof indexOf> = indexOf('argmin')
