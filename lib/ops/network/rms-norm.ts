// Root-mean-square norm over the last axis, fused, with its fused gradients.

import { ShapeError, showShape } from '../../base/errors.js'
import { type Shape, sizeOf } from '../../base/shape.js'
import type { Primitive } from '../../core/primitive.js'
import type { Tensor } from '../../core/tensor.js'
import { emptyArray } from '../../core/values.js'
import { mul, rsqrt, sub } from '../arithmetic.js'
import { apply } from '../machinery/apply.js'
import { expandTo } from '../machinery/broadcast-gradient.js'
import { declareFunction } from '../machinery/define.js'
import { sum } from '../reductions.js'
import { reshape } from '../shaping.js'
import { mean } from '../statistics.js'

const keep = { keepdims: true }

const rowsOf = (shape: Shape): [rows: number, n: number] => [sizeOf(shape.slice(0, -1)), shape[shape.length - 1]]
const rstdOf = (a: Tensor, eps: number): Tensor => rsqrt(mean(mul(a, a), -1, keep).add(eps))

interface Params {
  readonly eps: number
}

/** The gradient for a; inputs g, a, rstd and weight where there is one. */
const inputGradientOp: Primitive<Params> = {
  name: 'rmsNormBackward',
  saves: 'nothing',
  plan: ([, a]) => ({ shape: a.shape, dtype: a.dtype }),
  forward: (k, out, [g, a, rstd, weight]) => {
    const [rows, n] = rowsOf(a.shape)
    const w = weight?.storage.array ?? emptyArray(a.dtype)
    k.rmsNormBackward(rows, n, g.storage.array, a.storage.array, w, rstd.storage.array, out)
  },
  composite: ([g, a, , weight], { eps }) => inputGradient(g, a, weight, eps),
}

function inputGradient(g: Tensor, a: Tensor, weight: Tensor | undefined, eps: number): Tensor {
  const rstd = rstdOf(a, eps)
  const xhat = mul(a, rstd)
  const h = weight === undefined ? g : mul(g, weight)
  return mul(rstd, sub(h, mul(xhat, mean(mul(h, xhat), -1, keep))))
}

/** The gradient for weight; inputs g, a, rstd. */
const weightGradientOp: Primitive<Params> = {
  name: 'rmsNormWeightBackward',
  saves: 'nothing',
  plan: ([, a]) => ({ shape: a.shape.slice(-1), dtype: a.dtype }),
  forward: (k, out, [g, a, rstd]) => {
    const [rows, n] = rowsOf(a.shape)
    k.rmsNormWeightBackward(rows, n, g.storage.array, a.storage.array, rstd.storage.array, out)
  },
  composite: ([g, a], { eps }) => weightGradient(g, a, eps),
}

const weightGradient = (g: Tensor, a: Tensor, eps: number): Tensor =>
  sum(reshape(mul(g, mul(a, rstdOf(a, eps))), rowsOf(a.shape)), 0)

/** Inputs a, then weight where there is one. */
const rmsNormOp: Primitive<Params> = {
  name: 'rmsNorm',
  saves: 'inputs',
  plan: ([a]) => ({
    shape: a.shape,
    dtype: a.dtype,
    more: [{ shape: a.shape.slice(0, -1), dtype: a.dtype }],
  }),
  forward: (k, out, [a, weight], { eps }, _, [rstd]) => {
    const [rows, n] = rowsOf(a.shape)
    const w = weight?.storage.array ?? emptyArray(a.dtype)
    k.rmsNorm(rows, n, eps, a.storage.array, w, out, rstd.storage.array)
  },
  vjp: (g, { inputs: [a, weight], params, results: [, rstd], shape }, i) => {
    const full = expandTo(g, shape)
    if (i === 1) return apply(weightGradientOp, [full, a, rstd], params)
    return apply(inputGradientOp, [full, a, rstd, ...(weight === undefined ? [] : [weight])], params)
  },
}

/** a / √(mean of a² + eps) over the last axis (length n), times weight [n], all of one dtype. */
export const rmsNorm: (a: Tensor, weight: Tensor | null, eps: number) => Tensor = declareFunction({
  name: 'rmsNorm',
  call: (a: Tensor, weight: Tensor | null, eps: number) => {
    const n = a.shape[a.ndim - 1]
    if (a.ndim === 0 || (weight !== null && (weight.ndim !== 1 || weight.size !== n))) {
      const got = weight === null ? 'none' : showShape(weight.shape)
      throw new ShapeError(`rmsNorm: expected weight [${n}] for input ${showShape(a.shape)}, got ${got}`)
    }
    return apply(rmsNormOp, weight === null ? [a] : [a, weight], { eps })
  },
  samples: s => [
    [s.real(3, 4), s.real(4), 1e-5],
    [s.real(2, 3, 5), null, 1e-3],
    [s.real(6, 130), s.real(130), 1e-5],
    [s.real(7), s.real(7), 1e-5],
    [s.real(0, 3), s.real(3), 1e-5],
  ],
})

const statistics = (a: Tensor, eps: number): Tensor => reshape(rstdOf(a.detach(), eps), a.shape.slice(0, -1))

/** For the tests, which hold the fused gradients against their composites. */
export const rmsNormBackward: (g: Tensor, a: Tensor, weight: Tensor | null, eps: number) => Tensor = declareFunction({
  name: 'rmsNormBackward',
  call: (g: Tensor, a: Tensor, weight: Tensor | null, eps: number) =>
    apply(inputGradientOp, [g, a, statistics(a, eps), ...(weight === null ? [] : [weight])], { eps }),
  composite: (g: Tensor, a: Tensor, weight: Tensor | null, eps: number) =>
    inputGradient(g, a, weight ?? undefined, eps),
  samples: s => [
    [s.real(3, 4), s.real(3, 4), s.real(4), 1e-5],
    [s.real(2, 3, 5), s.real(2, 3, 5), null, 1e-3],
  ],
})

/** For the tests, likewise. */
export const rmsNormWeightBackward: (g: Tensor, a: Tensor, eps: number) => Tensor = declareFunction({
  name: 'rmsNormWeightBackward',
  call: (g: Tensor, a: Tensor, eps: number) => apply(weightGradientOp, [g, a, statistics(a, eps)], { eps }),
  composite: weightGradient,
  samples: s => [
    [s.real(3, 4), s.real(3, 4), 1e-5],
    [s.real(2, 3, 5), s.real(2, 3, 5), 1e-3],
  ],
})
