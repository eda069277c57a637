// Layer normalisation over the last axis, fused, with its fused gradients.

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

/** (a − mean) / √(variance + eps), in plain ops. */
function standardised(a: Tensor, eps: number): { xhat: Tensor; rstd: Tensor } {
  const centred = sub(a, mean(a, -1, keep))
  const rstd = rsqrt(mean(mul(centred, centred), -1, keep).add(eps))
  return { xhat: mul(centred, rstd), rstd }
}

interface Params {
  readonly eps: number
}

/** The gradient for a; inputs g, a, mean, rstd and weight where there is one. */
const inputGradientOp: Primitive<Params> = {
  name: 'layerNormBackward',
  saves: 'nothing',
  plan: ([, a]) => ({ shape: a.shape, dtype: a.dtype }),
  forward: (k, out, [g, a, mean, rstd, weight]) => {
    const [rows, n] = rowsOf(a.shape)
    const w = weight?.storage.array ?? emptyArray(a.dtype)
    k.layerNormBackward(rows, n, g.storage.array, a.storage.array, w, mean.storage.array, rstd.storage.array, out)
  },
  composite: ([g, a, , , weight], { eps }) => inputGradient(g, a, weight, eps),
}

function inputGradient(g: Tensor, a: Tensor, weight: Tensor | undefined, eps: number): Tensor {
  const { xhat, rstd } = standardised(a, eps)
  const h = weight === undefined ? g : mul(g, weight)
  return mul(rstd, sub(sub(h, mean(h, -1, keep)), mul(xhat, mean(mul(h, xhat), -1, keep))))
}

/** The gradient for weight; inputs g, a, mean, rstd. */
const weightGradientOp: Primitive<Params> = {
  name: 'layerNormWeightBackward',
  saves: 'nothing',
  plan: ([, a]) => ({ shape: a.shape.slice(-1), dtype: a.dtype }),
  forward: (k, out, [g, a, mean, rstd]) => {
    const [rows, n] = rowsOf(a.shape)
    k.layerNormWeightBackward(rows, n, g.storage.array, a.storage.array, mean.storage.array, rstd.storage.array, out)
  },
  composite: ([g, a], { eps }) => weightGradient(g, a, eps),
}

const overRows = (t: Tensor): Tensor => sum(reshape(t, rowsOf(t.shape)), 0)
const weightGradient = (g: Tensor, a: Tensor, eps: number): Tensor => overRows(mul(g, standardised(a, eps).xhat))

interface NormParams extends Params {
  readonly hasWeight: boolean
}

/** Inputs a, then weight and bias where there are any. */
const layerNormOp: Primitive<NormParams> = {
  name: 'layerNorm',
  saves: 'inputs',
  plan: ([a]) => {
    const rows = { shape: a.shape.slice(0, -1), dtype: a.dtype }
    return { shape: a.shape, dtype: a.dtype, more: [rows, rows] }
  },
  forward: (k, out, inputs, { eps, hasWeight }, _, [mean, rstd]) => {
    const [a] = inputs
    const [rows, n] = rowsOf(a.shape)
    const weight = hasWeight ? inputs[1].storage.array : emptyArray(a.dtype)
    const bias = inputs[hasWeight ? 2 : 1]?.storage.array ?? emptyArray(a.dtype)
    k.layerNorm(rows, n, eps, a.storage.array, weight, bias, out, mean.storage.array, rstd.storage.array)
  },
  vjp: (g, { inputs, params, results: [, ...statistics], shape }, i) => {
    const { hasWeight, eps } = params
    const full = expandTo(g, shape)
    if (i === 0) {
      const weight = hasWeight ? [inputs[1]] : []
      return apply(inputGradientOp, [full, inputs[0], ...statistics, ...weight], { eps })
    }
    if (i === 1 && hasWeight) return apply(weightGradientOp, [full, inputs[0], ...statistics], { eps })
    return overRows(full)
  },
}

export type LayerNormOp = (a: Tensor, weight: Tensor | null, bias: Tensor | null, eps: number) => Tensor

/** (a − mean) / √(variance + eps) over the last axis (length n), times weight [n], plus bias [n], all of one dtype. */
export const layerNorm: LayerNormOp = declareFunction({
  name: 'layerNorm',
  call: (a: Tensor, weight: Tensor | null, bias: Tensor | null, eps: number) => {
    const n = a.shape[a.ndim - 1]
    for (const t of [weight, bias]) {
      if (a.ndim === 0 || (t !== null && (t.ndim !== 1 || t.size !== n))) {
        throw new ShapeError(
          `layerNorm: expected weight and bias [${n}] for input ${showShape(a.shape)}, got ${t === null ? 'none' : showShape(t.shape)}`,
        )
      }
    }
    const inputs = [a, weight, bias].filter(t => t !== null)
    return apply(layerNormOp, inputs, { eps, hasWeight: weight !== null })
  },
  samples: s => [
    [s.real(3, 4), s.real(4), s.real(4), 1e-5],
    [s.real(2, 3, 5), s.real(5), null, 1e-3],
    [s.real(3, 4), null, null, 1e-5],
    [s.real(3, 4), null, s.real(4), 1e-5],
    [s.real(6, 130), s.real(130), s.real(130), 1e-5],
    [s.real(7), s.real(7), s.real(7), 1e-5],
    [s.real(0, 3), s.real(3), s.real(3), 1e-5],
  ],
})

/** The statistics that the fused gradients read. */
const statistics = (a: Tensor, eps: number): Tensor[] => {
  const detached = a.detach()
  const { rstd } = standardised(detached, eps)
  return [mean(detached, -1), reshape(rstd, a.shape.slice(0, -1))]
}

/** For the tests, which hold the fused gradients against their composites. */
export const layerNormBackward: (g: Tensor, a: Tensor, weight: Tensor | null, eps: number) => Tensor = declareFunction({
  name: 'layerNormBackward',
  call: (g: Tensor, a: Tensor, weight: Tensor | null, eps: number) =>
    apply(inputGradientOp, [g, a, ...statistics(a, eps), ...(weight === null ? [] : [weight])], { eps }),
  composite: (g: Tensor, a: Tensor, weight: Tensor | null, eps: number) =>
    inputGradient(g, a, weight ?? undefined, eps),
  samples: s => [
    [s.real(3, 4), s.real(3, 4), s.real(4), 1e-5],
    [s.real(2, 3, 5), s.real(2, 3, 5), null, 1e-3],
  ],
})

/** For the tests, likewise. */
export const layerNormWeightBackward: (g: Tensor, a: Tensor, eps: number) => Tensor = declareFunction({
  name: 'layerNormWeightBackward',
  call: (g: Tensor, a: Tensor, eps: number) => apply(weightGradientOp, [g, a, ...statistics(a, eps)], { eps }),
  composite: weightGradient,
  samples: s => [
    [s.real(3, 4), s.real(3, 4), 1e-5],
    [s.real(2, 3, 5), s.real(2, 3, 5), 1e-3],
  ],
})
