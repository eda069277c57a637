// Layer norm and RMS norm over the last axis, fused, with their fused gradients. RMS norm is layer norm that neither
// centres nor adds a bias.

import { ShapeError, showShape } from '../../base/errors.js'
import { type Shape, sizeOf } from '../../base/shape.js'
import type { Primitive } from '../../core/primitive.js'
import type { Tensor } from '../../core/tensor.js'
import { emptyArray } from '../../core/values.js'
import { mul, rsqrt, sub } from '../arithmetic.js'
import { apply, applyAll } from '../machinery/apply.js'
import { expandTo } from '../machinery/broadcast-gradient.js'
import { declareFunction } from '../machinery/define.js'
import { sum } from '../reductions.js'
import { reshape } from '../shaping.js'
import { mean } from '../statistics.js'

const keep = { keepdims: true }

interface Params {
  readonly eps: number
}

interface NormParams extends Params {
  readonly hasWeight: boolean
}

type Kernel = (...args: unknown[]) => void

const rowsOf = (shape: Shape): [rows: number, n: number] => [sizeOf(shape.slice(0, -1)), shape[shape.length - 1]]
const overRows = (t: Tensor): Tensor => sum(reshape(t, rowsOf(t.shape)), 0)
const arraysOf = (tensors: readonly Tensor[]) => tensors.map(({ storage }) => storage.array)
const arrayOr = (t: Tensor | undefined, like: Tensor) => t?.storage.array ?? emptyArray(like.dtype)

/**
 * The op (a, then weight and bias where there are any) and, declared to the tests, its gradients.
 * @param isCentred whether the mean is subtracted. Its kernels then take a bias, and the means before the rstd.
 */
function normOp(name: 'layerNorm' | 'rmsNorm', isCentred: boolean): Primitive<NormParams> {
  const standardised = (a: Tensor, eps: number): { xhat: Tensor; rstd: Tensor } => {
    const centred = isCentred ? sub(a, mean(a, -1, keep)) : a
    const rstd = rsqrt(mean(mul(centred, centred), -1, keep).add(eps))
    return { xhat: mul(centred, rstd), rstd }
  }

  /** rstd·(h − mean(h) − x̂·mean(h·x̂)) with h = g·weight; without mean(h) where nothing is centred. */
  const inputGradient = (g: Tensor, a: Tensor, weight: Tensor | null, eps: number): Tensor => {
    const { xhat, rstd } = standardised(a, eps)
    const h = weight === null ? g : mul(g, weight)
    const centred = isCentred ? sub(h, mean(h, -1, keep)) : h
    return mul(rstd, sub(centred, mul(xhat, mean(mul(h, xhat), -1, keep))))
  }

  const weightGradient = (g: Tensor, a: Tensor, eps: number): Tensor => overRows(mul(g, standardised(a, eps).xhat))

  /** The gradient for a. Inputs g, a, the statistics, and weight where there is one. */
  const inputOp: Primitive<NormParams> = {
    name: `${name}Backward`,
    saves: 'nothing',
    plan: ([, a]) => ({ shape: a.shape, dtype: a.dtype }),
    forward: (k, out, [g, a, ...rest], { hasWeight }) => {
      const weight = arrayOr(hasWeight ? rest.pop() : undefined, a)
      const run = k[`${name}Backward`] as Kernel
      run(...rowsOf(a.shape), g.storage.array, a.storage.array, weight, ...arraysOf(rest), out)
    },
    composite: ([g, a, ...rest], { eps, hasWeight }) =>
      inputGradient(g, a, hasWeight ? rest[rest.length - 1] : null, eps),
  }

  /** The gradient for weight. Inputs g, a, the statistics. */
  const weightOp: Primitive<Params> = {
    name: `${name}WeightBackward`,
    saves: 'nothing',
    plan: ([, a]) => ({ shape: a.shape.slice(-1), dtype: a.dtype }),
    forward: (k, out, inputs) => {
      const run = k[`${name}WeightBackward`] as Kernel
      run(...rowsOf(inputs[1].shape), ...arraysOf(inputs), out)
    },
    composite: ([g, a], { eps }) => weightGradient(g, a, eps),
  }

  const op: Primitive<NormParams> = {
    name,
    saves: 'inputs',
    plan: ([a]) => {
      const rows = { shape: a.shape.slice(0, -1), dtype: a.dtype }
      return { shape: a.shape, dtype: a.dtype, more: isCentred ? [rows, rows] : [rows] }
    },
    forward: (k, out, [a, ...affine], { eps, hasWeight }, _, statistics) => {
      const weight = arrayOr(hasWeight ? affine[0] : undefined, a)
      const bias = isCentred ? [arrayOr(affine[hasWeight ? 1 : 0], a)] : []
      const run = k[name] as Kernel
      run(...rowsOf(a.shape), eps, a.storage.array, weight, ...bias, out, ...arraysOf(statistics))
    },
    vjp: (g, { inputs: [a, ...affine], params, results: [, ...statistics], shape }, i) => {
      const full = expandTo(g, shape)
      const { hasWeight } = params
      if (i === 0) return apply(inputOp, [full, a, ...statistics, ...(hasWeight ? [affine[0]] : [])], params)
      return i === 1 && hasWeight ? apply(weightOp, [full, a, ...statistics], params) : overRows(full)
    },
  }

  const statisticsOf = (a: Tensor, eps: number): readonly Tensor[] =>
    applyAll(op, [a.detach()], { eps, hasWeight: false }).slice(1)

  // For the tests, which compare the fused gradients with their composites.
  declareFunction({
    name: inputOp.name,
    call: (g: Tensor, a: Tensor, weight: Tensor | null, eps: number) => {
      const inputs = [g, a, ...statisticsOf(a, eps), ...(weight === null ? [] : [weight])]
      return apply(inputOp, inputs, { eps, hasWeight: weight !== null })
    },
    composite: inputGradient,
    samples: s => [
      [s.real(3, 4), s.real(3, 4), s.real(4), 1e-5],
      [s.real(2, 3, 5), s.real(2, 3, 5), null, 1e-3],
    ],
  })
  declareFunction({
    name: weightOp.name,
    call: (g: Tensor, a: Tensor, eps: number) => apply(weightOp, [g, a, ...statisticsOf(a, eps)], { eps }),
    composite: weightGradient,
    samples: s => [
      [s.real(3, 4), s.real(3, 4), 1e-5],
      [s.real(2, 3, 5), s.real(2, 3, 5), 1e-3],
    ],
  })
  return op
}

const layerNormOp = normOp('layerNorm', true)
const rmsNormOp = normOp('rmsNorm', false)

/** @throws ShapeError unless `a` has a last axis and each of `affine` has its length. */
function checkAffine(op: string, what: string, a: Tensor, affine: readonly (Tensor | null)[]): void {
  const n = a.shape[a.ndim - 1]
  for (const t of affine) {
    if (a.ndim > 0 && (t === null || (t.ndim === 1 && t.size === n))) continue
    const got = t === null ? 'none' : showShape(t.shape)
    throw new ShapeError(`${op}: expected ${what} [${n}] for input ${showShape(a.shape)}, got ${got}`)
  }
}

export type LayerNormOp = (a: Tensor, weight: Tensor | null, bias: Tensor | null, eps: number) => Tensor

/** (a − mean) / √(variance + eps) over the last axis (length n), times weight [n], plus bias [n], all of one dtype. */
export const layerNorm: LayerNormOp = declareFunction({
  name: 'layerNorm',
  call: (a: Tensor, weight: Tensor | null, bias: Tensor | null, eps: number) => {
    checkAffine('layerNorm', 'weight and bias', a, [weight, bias])
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

/** a / √(mean of a² + eps) over the last axis (length n), times weight [n], all of one dtype. */
export const rmsNorm: (a: Tensor, weight: Tensor | null, eps: number) => Tensor = declareFunction({
  name: 'rmsNorm',
  call: (a: Tensor, weight: Tensor | null, eps: number) => {
    checkAffine('rmsNorm', 'weight', a, [weight])
    return apply(rmsNormOp, weight === null ? [a] : [a, weight], { eps, hasWeight: weight !== null })
  },
  samples: s => [
    [s.real(3, 4), s.real(4), 1e-5],
    [s.real(2, 3, 5), null, 1e-3],
    [s.real(6, 130), s.real(130), 1e-5],
    [s.real(7), s.real(7), 1e-5],
    [s.real(0, 3), s.real(3), 1e-5],
  ],
})
