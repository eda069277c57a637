// Normalisation of channels: over the batch and all positions, or by groups of channels of each sample.

import { isFloat } from '../../base/dtype.js'
import { ArgumentError, DTypeError, ShapeError, showShape, showValue } from '../../base/errors.js'
import { checkOptions, finite, flag, nonNegative, type Schema } from '../../base/options.js'
import { sizeOf } from '../../base/shape.js'
import { noGrad } from '../../core/context.js'
import { ones } from '../../core/creation.js'
import { Tensor, type TensorLike } from '../../core/tensor.js'
import { add, equal, mean, mul, reshape, rsqrt, sub, where } from '../../ops/index.js'
import { centre } from '../../ops/machinery/centre.js'
import { asTensor } from '../../ops/machinery/operands.js'
import { layerNorm as overLastAxis } from '../../ops/network/norms.js'

export interface BatchNormOptions {
  /** Whether the batch's own statistics are used, and the running ones updated; false by default. */
  readonly training?: boolean
  /** The weight of the batch's statistics in the running ones; 0.1 by default. */
  readonly momentum?: number
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number
}

export const batchNormOptions: Schema<BatchNormOptions> = { training: flag, momentum: finite, eps: nonNegative }

export interface GroupNormOptions {
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number
}

const groupNormOptions: Schema<GroupNormOptions> = { eps: nonNegative }

/** x, of channels along axis 1. */
function inputOf(op: string, x: TensorLike): Tensor {
  const input = asTensor(op, x)
  if (!isFloat(input.dtype)) throw new DTypeError(`${op}: expected float32 or float64, got ${input.dtype}`)
  if (input.ndim >= 2) return input
  throw new ShapeError(`${op}: expected x [n, channels, …], got shape ${showShape(input.shape)}`)
}

/** A value a channel, [channels] of x's dtype; null stays. */
function perChannel(op: string, name: string, value: TensorLike | null, x: Tensor): Tensor | null {
  if (value === null) return null
  const tensor = asTensor(op, value, x.dtype)
  if (tensor.ndim !== 1 || tensor.size !== x.shape[1]) {
    throw new ShapeError(
      `${op}: expected ${name} [${x.shape[1]}] for x ${showShape(x.shape)}, got ${showShape(tensor.shape)}`,
    )
  }
  if (tensor.dtype === x.dtype) return tensor
  throw new DTypeError(`${op}: expected ${name} of ${x.dtype} as x, got ${tensor.dtype}`)
}

/** [channels] against x's axes: [channels, 1, …]. */
const alongChannels = (value: Tensor, { ndim }: Tensor): Tensor =>
  ndim === 2 ? value : reshape(value, [value.size, ...new Array<number>(ndim - 2).fill(1)])

function affine(y: Tensor, weight: Tensor | null, bias: Tensor | null): Tensor {
  const scaled = weight === null ? y : mul(y, alongChannels(weight, y))
  return bias === null ? scaled : add(scaled, alongChannels(bias, y))
}

/** running := (1 − momentum)·running + momentum·now. */
const moveTowards = (running: Tensor, now: Tensor, momentum: number | Tensor): void => {
  running.assign(add(running, mul(sub(now, running), momentum)))
}

/** 1/√(variance + eps), as PyTorch has it: 0 for a constant channel where eps is 0; of no elements it is never used. */
function inverseDeviation(variance: Tensor, eps: number, count: number): Tensor {
  if (count === 0) return ones(variance.shape, { dtype: variance.dtype })
  if (eps !== 0) return rsqrt(add(variance, eps))
  const isConstant = equal(variance, 0)
  return where(isConstant, 0, rsqrt(where(isConstant, 1, variance)))
}

/** As `batchNorm`, of checked options, momentum being a number or a 0-d tensor. */
export function normalizeBatch(
  x: TensorLike,
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  weight: TensorLike | null,
  bias: TensorLike | null,
  training: boolean,
  momentum: number | Tensor,
  eps: number,
): Tensor {
  const op = 'batchNorm'
  const input = inputOf(op, x)
  const [w, b] = [perChannel(op, 'weight', weight, input), perChannel(op, 'bias', bias, input)]
  for (const [name, running] of [
    ['runningMean', runningMean],
    ['runningVar', runningVar],
  ] as const) {
    if (running === null && !training) throw new ArgumentError(`${op}: expected ${name} outside of training, got none`)
    if (running !== null && !(running instanceof Tensor)) {
      throw new ArgumentError(`${op}: expected ${name} to be a Tensor, which is updated, got ${showValue(running)}`)
    }
    perChannel(op, name, running, input)
  }
  if (!training) {
    // The mean is subtracted first: beside a large one the digits of x·scale − mean·scale would cancel.
    const scale = mul(rsqrt(add(runningVar as Tensor, eps)), w ?? 1)
    return affine(sub(input, alongChannels(runningMean as Tensor, input)), scale, b)
  }
  const count = input.size / Math.max(1, input.shape[1])
  if (count === 1) {
    throw new ShapeError(`${op}: expected more than one value a channel in training, got x ${showShape(input.shape)}`)
  }
  const axes = input.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]))
  const { centred, center } = centre(input, axes)
  const variance = mean(mul(centred, centred), axes)
  noGrad(() => {
    // Over nothing there are no statistics.
    if (count === 0) return
    if (runningMean !== null) moveTowards(runningMean, reshape(center, [center.size]), momentum)
    if (runningVar !== null) moveTowards(runningVar, mul(variance.detach(), count / (count - 1)), momentum)
  })
  const rstd = inverseDeviation(variance, eps, count)
  return affine(centred, w === null ? rstd : mul(rstd, w), b)
}

/**
 * (x − mean)/√(variance + eps)·weight + bias, mean and variance of each channel of x [n, channels, …] (Ioffe and Szegedy,
 * "Batch normalization", 2015). In training they are the batch's own (variance divided by the count), and the running
 * ones, if there are any, move towards them (that variance divided by the count − 1); else they are the running ones.
 * @throws ArgumentError without running statistics outside of training; ShapeError for one value a channel in training.
 */
export function batchNorm(
  x: TensorLike,
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  weight: TensorLike | null = null,
  bias: TensorLike | null = null,
  options: BatchNormOptions = {},
): Tensor {
  const { training = false, momentum = 0.1, eps = 1e-5 } = checkOptions('batchNorm', options, batchNormOptions)
  return normalizeBatch(x, runningMean, runningVar, weight, bias, training, momentum, eps)
}

/**
 * (x − mean)/√(variance + eps)·weight + bias, mean and variance over each of `numGroups` groups of channels of each
 * sample of x [n, channels, …] (Wu and He, "Group normalization", 2018); weight and bias [channels].
 */
export function groupNorm(
  x: TensorLike,
  numGroups: number,
  weight: TensorLike | null = null,
  bias: TensorLike | null = null,
  options: GroupNormOptions = {},
): Tensor {
  const { eps = 1e-5 } = checkOptions('groupNorm', options, groupNormOptions)
  const input = inputOf('groupNorm', x)
  const [n, channels] = input.shape
  if (!Number.isSafeInteger(numGroups) || numGroups < 1 || channels % numGroups !== 0) {
    throw new ShapeError(
      `groupNorm: expected a number of groups that divides ${channels} channels, got ${showValue(numGroups)}`,
    )
  }
  const [w, b] = [perChannel('groupNorm', 'weight', weight, input), perChannel('groupNorm', 'bias', bias, input)]
  const rows = reshape(input, [n * numGroups, sizeOf(input.shape.slice(1)) / numGroups])
  return affine(reshape(overLastAxis(rows, null, null, eps), input.shape), w, b)
}
