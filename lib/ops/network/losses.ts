// Cross-entropy of logits against class ids, fused and stable: a loss for each row, before any reduction.

import { ShapeError, showShape } from '../../base/errors.js'
import type { Primitive } from '../../core/primitive.js'
import { Tensor } from '../../core/tensor.js'
import { emptyArray } from '../../core/values.js'
import { mul, neg, sub } from '../arithmetic.js'
import { notEqual } from '../comparison.js'
import { indexSelect } from '../indexing.js'
import { apply } from '../machinery/apply.js'
import { checkIds } from '../machinery/bad-index.js'
import { expandTo } from '../machinery/broadcast-gradient.js'
import { declareFunction } from '../machinery/define.js'
import { max, sum } from '../reductions.js'
import { where } from '../selecting.js'
import { softmax } from '../softmax.js'

export interface CrossEntropyParams {
  /** Rows with this id count for nothing. */
  readonly ignoreIndex: number
  /** How much of each target is spread evenly over the classes, 0 to 1. */
  readonly labelSmoothing: number
}

const optional = (t: Tensor | undefined, like: Tensor) => t?.storage.array ?? emptyArray(like.dtype)

const backwardOp: Primitive<CrossEntropyParams> = {
  name: 'crossEntropyBackward',
  saves: 'nothing',
  plan: ([, logits]) => ({ shape: logits.shape, dtype: logits.dtype }),
  forward: (k, out, [g, logits, ids, logSum, weight], { ignoreIndex, labelSmoothing }) => {
    const [rows, n] = logits.shape
    const arrays = [g, logits, ids, logSum].map(t => t.storage.array)
    const w = optional(weight, logits)
    const labels = arrays[2] as Int32Array
    k.crossEntropyBackward(rows, n, ignoreIndex, labelSmoothing, arrays[0], arrays[1], labels, w, arrays[3], out)
  },
  composite: ([g, logits, ids, , weight], params) => backwardComposite(g, logits, ids, weight, params),
}

/** (1 − s)·w[t]·(p − onehot) + s/n·(p·Σw − w), times g; 0 in ignored rows. */
function backwardComposite(
  g: Tensor,
  logits: Tensor,
  ids: Tensor,
  weight: Tensor | undefined,
  params: CrossEntropyParams,
): Tensor {
  const [, n] = logits.shape
  const { ignoreIndex, labelSmoothing: s } = params
  const valid = notEqual(ids, ignoreIndex)
  const safe = where(valid, ids, 0)
  const p = softmax(logits, 1)
  const isOwn = safe.unsqueeze(1).equal(new Tensor(Int32Array.from({ length: n }, (_, i) => i)))
  // p − onehot: Σ p of the others keeps the digits that p − 1 loses.
  const others = sum(where(isOwn, 0, p), 1, { keepdims: true })
  const error = where(isOwn, neg(others), p)
  const w = weight ?? new Tensor(new Float64Array(n).fill(1), { requiresGrad: false }).to(logits.dtype)
  const own = indexSelect(w, 0, safe).unsqueeze(1)
  const hard = mul(mul(error, own), 1 - s)
  const smooth = mul(sub(mul(p, sum(w)), w), s / n)
  // Where no row is valid, g is infinite: a mean over none.
  return mul(where(valid.unsqueeze(1), hard.add(smooth), 0), where(valid, g, 0).unsqueeze(1))
}

/** ln Σ e^(a − the largest) of each row, as the kernel gives it. */
const logSumOf = (logits: Tensor): Tensor => sub(logits, max(logits, 1, { keepdims: true })).logsumexp(1)

const lossesOp: Primitive<CrossEntropyParams> = {
  name: 'crossEntropyLosses',
  saves: 'inputs',
  plan: ([logits]) => {
    const rows = { shape: logits.shape.slice(0, 1), dtype: logits.dtype }
    return { ...rows, more: [rows, rows] }
  },
  forward: (k, out, [logits, ids, weight], { ignoreIndex, labelSmoothing }, _, [weights, logSum]) => {
    const [rows, n] = logits.shape
    const labels = ids.storage.array as Int32Array
    const w = optional(weight, logits)
    const outs = [out, weights.storage.array, logSum.storage.array] as const
    const bad = k.crossEntropy(rows, n, ignoreIndex, labelSmoothing, logits.storage.array, labels, w, ...outs)
    checkIds('crossEntropy', bad, ids, n, 'class id', 'classes')
  },
  vjp: (g, { inputs: [logits, ids, weight], results: [, , logSum], params, shape }, i) => {
    if (i !== 0) return null
    const inputs = [expandTo(g, shape), logits, ids, logSum, ...(weight === undefined ? [] : [weight])]
    return apply(backwardOp, inputs, params)
  },
}

export type RowLosses = (logits: Tensor, ids: Tensor, weight: Tensor | null, params: CrossEntropyParams) => Tensor

/** The loss of each row of logits [rows, n], ids int32 [rows], weight [n] or null, all of one float dtype. */
export const crossEntropyLosses: RowLosses = declareFunction({
  name: 'crossEntropyLosses',
  call: (logits: Tensor, ids: Tensor, weight: Tensor | null, params: CrossEntropyParams) => {
    if (logits.ndim !== 2 || ids.ndim !== 1 || ids.size !== logits.shape[0]) {
      throw new ShapeError(
        `crossEntropy: expected logits [rows, classes] and ids [rows], got ${showShape(logits.shape)} and ${showShape(ids.shape)}`,
      )
    }
    return apply(lossesOp, weight === null ? [logits, ids] : [logits, ids, weight.detach()], params)
  },
  samples: s => {
    const plain = { ignoreIndex: -100, labelSmoothing: 0 }
    return [
      [s.real(3, 4), s.ids(4, 3), null, plain],
      [s.real(100, 2), s.ids(2, 100), null, plain],
      [s.real(5, 300), s.ids(300, 5), null, plain],
      [s.real(6, 3), s.ids(3, 6), null, { ignoreIndex: 1, labelSmoothing: 0.1 }],
      [s.real(6, 3), s.ids(3, 6), s.constant(3).abs(), { ignoreIndex: 0, labelSmoothing: 0.3 }],
      [s.real(70, 5), s.ids(5, 70), s.constant(5).abs(), { ignoreIndex: 2, labelSmoothing: 0.1 }],
      [s.real(0, 3), s.ids(3, 0), null, plain],
    ]
  },
})

/** The fused gradient, with the log-sum-exp of each row given: for the tests, which hold it against its composite. */
export const crossEntropyBackward: (
  g: Tensor,
  logits: Tensor,
  ids: Tensor,
  weight: Tensor | null,
  params: CrossEntropyParams,
) => Tensor = declareFunction({
  name: 'crossEntropyBackward',
  call: (g: Tensor, logits: Tensor, ids: Tensor, weight: Tensor | null, params: CrossEntropyParams) =>
    apply(backwardOp, [g, logits, ids, logSumOf(logits.detach()), ...(weight === null ? [] : [weight])], params),
  composite: (g: Tensor, logits: Tensor, ids: Tensor, weight: Tensor | null, params: CrossEntropyParams) =>
    backwardComposite(g, logits, ids, weight ?? undefined, params),
  samples: s => [
    [s.real(3), s.real(3, 4), s.ids(4, 3), null, { ignoreIndex: -100, labelSmoothing: 0 }],
    [s.real(6), s.real(6, 3), s.ids(3, 6), s.constant(3).abs(), { ignoreIndex: 1, labelSmoothing: 0.2 }],
    [s.real(70), s.real(70, 2), s.ids(2, 70), s.constant(2).abs(), { ignoreIndex: 0, labelSmoothing: 0.2 }],
    [s.real(3), s.real(3, 40), s.ids(40, 3), s.constant(40).abs(), { ignoreIndex: 7, labelSmoothing: 0.1 }],
  ],
})
