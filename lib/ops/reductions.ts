// Reductions over no axis (all of them), one or several. A reduction runs over each run of adjacent axes in turn.

import type { Backend } from '../backend/table.js'
import { isFloat } from '../base/dtype.js'
import { ShapeError, showShape } from '../base/errors.js'
import { checkOptions } from '../base/options.js'
import type { Plan, Primitive, Saves } from '../core/primitive.js'
import type { Tensor, TensorLike } from '../core/tensor.js'
import { div, mul, sub } from './arithmetic.js'
import { equal } from './comparison.js'
import { apply } from './machinery/apply.js'
import { declare, type Method } from './machinery/define.js'
import { exactly } from './machinery/exactly.js'
import { asTensor } from './machinery/operands.js'
import { type Axis, type ReduceOptions, reduceOptions } from './machinery/reduce-options.js'
import { aroundRun, onesOf, type Run, runsOf, withOnes, withoutRun } from './machinery/runs.js'
import { prodBackward } from './prod-backward.js'
import { reshape } from './shaping.js'

export type Reduction = Method<(a: TensorLike, axis?: Axis, options?: ReduceOptions) => Tensor>

type ReduceKernel = 'sum' | 'prod' | 'max' | 'min' | 'logsumexp'

interface ReducePlan extends Plan {
  readonly outer: number
  readonly n: number
  readonly inner: number
}

interface RunParams {
  readonly run: Run
  readonly keepdims: boolean
}

/** The gradient of `a`, from `g` and the result `y()`, both with 1 along the run. */
type RunGradient = (g: Tensor, a: Tensor, y: () => Tensor, run: Run) => Tensor

/** `t`, which has no axes where the run was, with 1 along it. */
const insertRun = (t: Tensor, [first, count]: Run): Tensor =>
  reshape(t, [...t.shape.slice(0, first), ...onesOf(count), ...t.shape.slice(first)])

/** The primitive: over one run. */
function overRun(name: ReduceKernel, saves: Saves, gradient: RunGradient): Primitive<RunParams, ReducePlan> {
  return {
    name,
    saves,
    plan: ([a], { run, keepdims }) => {
      const shape = keepdims ? withOnes(a.shape, run) : withoutRun(a.shape, run)
      return { shape, dtype: a.dtype, ...aroundRun(a.shape, run) }
    },
    forward: (k: Backend, out, [a], _, { outer, n, inner }) => k[name](outer, n, inner, a.storage.array, out),
    vjp: (g, { inputs: [a], output, params: { run, keepdims } }) => {
      const withRun = (t: Tensor): Tensor => (keepdims || t.ndim === 0 ? t : insertRun(t, run))
      return gradient(withRun(g), a, () => withRun(output), run)
    },
  }
}

interface ReductionSpec {
  readonly name: ReduceKernel
  readonly saves: Saves
  readonly gradient: RunGradient
  /** What bool and uint8 become first. */
  readonly integers: (a: Tensor) => Tensor
  /** Has a value over nothing; `infinite`: one without a gradient. */
  readonly empty: boolean | 'infinite'
  /** Whether the result of integers may be none that their dtype has. */
  readonly growing?: boolean
  readonly domain?: 'real' | 'distinct'
  readonly smooth?: boolean
}

function reduction({
  name,
  saves,
  gradient,
  integers,
  empty,
  growing = false,
  domain = 'real',
  smooth = true,
}: ReductionSpec): Reduction {
  const op = overRun(name, saves, gradient)
  const call = (a: TensorLike, axis?: Axis, options: ReduceOptions = {}): Tensor => {
    const x = integers(asTensor(name, a))
    if (growing && x.dtype === 'int32') return exactly(name, x, wide => call(wide, axis, options))
    const runs = runsOf(name, axis, x.ndim)
    if (!empty && runs.some(run => aroundRun(x.shape, run).n === 0)) {
      throw new ShapeError(
        `${name}: expected at least one element along the reduced axes, got shape ${showShape(x.shape)}`,
      )
    }
    const { keepdims = false } = checkOptions(name, options, reduceOptions)
    // Nothing to reduce over (a 0-d tensor has no axis), but the result is a value of its own.
    if (runs.length === 0) return x.clone()
    return runs.reduce((result, run) => apply(op, [result], { run, keepdims }), x)
  }
  return declare({
    name,
    smooth,
    call,
    samples: s => [
      [s[domain](2, 3, 4)],
      [s[domain](2, 3, 4), 1],
      [s[domain](2, 3, 4), -1, { keepdims: true }],
      [s[domain](2, 3, 4), [0, 2]],
      [s[domain](2, 3, 4, 2), [1, 2], { keepdims: true }],
      [s[domain](37, 19), 0],
      [s[domain](3, 300), 1],
      [s[domain](7)],
      [s[domain]()],
      ...(empty === true ? [[s.real(0)], [s.real(2, 0, 3), 1], [s.real(2, 0, 3), 0]] : [[s[domain](0, 3), 1]]),
    ],
  })
}

const smallToInt = (a: Tensor): Tensor => (a.dtype === 'bool' || a.dtype === 'uint8' ? a.to('int32') : a)
const toFloat = (a: Tensor): Tensor => (isFloat(a.dtype) ? a : a.to('float32'))
const unchanged = (a: Tensor): Tensor => a

/** Sum over all axes or those given; 0 over nothing. bool, uint8 and int32 give int32: it is exact, or an error. */
export const sum: Reduction = reduction({
  name: 'sum',
  saves: 'nothing',
  gradient: g => g,
  integers: smallToInt,
  empty: true,
  growing: true,
})

/** Product over all axes or those given; 1 over nothing. Integers as in sum. Its gradient is right where elements are 0. */
export const prod: Reduction = reduction({
  name: 'prod',
  saves: 'inputs',
  gradient: (g, a, _, run) => prodBackward(g, a, run),
  integers: smallToInt,
  empty: true,
  growing: true,
})

/** Where several elements are the extreme one, they share the gradient equally, as PyTorch's amax does. */
const shareGradient: RunGradient = (g, a, y, [first, count]) => {
  const axes = Array.from({ length: count }, (_, i) => first + i)
  const mask = equal(a.detach(), y().detach()).to(a.dtype)
  return mul(div(g, sum(mask, axes, { keepdims: true })), mask)
}

/** The largest; NaN if any is NaN. Ties share the gradient. */
export const max: Reduction = reduction({
  name: 'max',
  saves: 'both',
  gradient: shareGradient,
  integers: unchanged,
  empty: false,
  domain: 'distinct',
})

/** The smallest; NaN if any is NaN. Ties share the gradient. */
export const min: Reduction = reduction({
  name: 'min',
  saves: 'both',
  gradient: shareGradient,
  integers: unchanged,
  empty: false,
  domain: 'distinct',
})

/** ln Σ eᵃ, without overflow. */
export const logsumexp: Reduction = reduction({
  name: 'logsumexp',
  saves: 'both',
  // A line of −∞ only has −∞ − −∞ here: its gradient is NaN, as in PyTorch.
  gradient: (g, a, y) => mul(g, sub(a, y()).exp()),
  integers: toFloat,
  empty: 'infinite',
})
