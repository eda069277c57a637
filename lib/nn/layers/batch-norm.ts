// Batch normalisation.

import type { DType } from '../../base/dtype.js'
import { ShapeError, showShape } from '../../base/errors.js'
import { checkedWhereUsed, checkOptions, flag, nonNegative, type Schema } from '../../base/options.js'
import { checkShape } from '../../base/shape.js'
import { noGrad } from '../../core/context.js'
import { allocateTensor, Tensor, type TensorLike } from '../../core/tensor.js'
import { div } from '../../ops/index.js'
import { asTensor } from '../../ops/machinery/operands.js'
import { normalizeBatch } from '../functional/channel-norms.js'
import { constant, ones, zeros } from '../init.js'
import { Module } from '../module.js'
import { checkFloat, checkSize } from '../options.js'
import { Parameter } from '../parameter.js'
import { showSettings } from '../repr.js'

export interface BatchNormLayerOptions {
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number
  /** The weight of a batch's statistics in the running ones, 0.1 by default; null: the mean over all batches. */
  readonly momentum?: number | null
  /** Whether there are a weight and a bias; true by default. */
  readonly affine?: boolean
  /** Whether there are running statistics, for use outside of training; true by default. */
  readonly trackRunningStats?: boolean
  /** `float32` by default. */
  readonly dtype?: DType
}

const batchNormLayerOptions: Schema<BatchNormLayerOptions> = {
  eps: nonNegative,
  momentum: {
    expected: 'a finite number or null',
    accepts: value => value === null || (typeof value === 'number' && Number.isFinite(value)),
  },
  affine: flag,
  trackRunningStats: flag,
  dtype: checkedWhereUsed,
}

/** Counts a batch; gives its weight in the running statistics. */
function countBatch(count: Tensor | null, momentum: number | null, dtype: DType): number | Tensor {
  if (count === null) return 0
  return noGrad(() => {
    const next = count.add(1)
    count.assign(next)
    return momentum ?? div(1, next.to(dtype))
  })
}

/** What they have in common: the parameters, the running statistics, and what becomes of them. */
abstract class BatchNorm extends Module {
  readonly numFeatures: number
  readonly eps: number
  readonly momentum: number | null
  weight: Parameter | null
  bias: Parameter | null
  /** The buffers have the names that they have in PyTorch's state dicts. */
  declare running_mean: Tensor | null
  declare running_var: Tensor | null
  declare num_batches_tracked: Tensor | null

  /** @param numFeatures the number of channels. */
  constructor(numFeatures: number, options: BatchNormLayerOptions = {}) {
    super()
    const owner = new.target.name
    const checked = checkOptions(owner, options, batchNormLayerOptions)
    const { eps = 1e-5, momentum = 0.1, affine = true, trackRunningStats = true, dtype = 'float32' } = checked
    this.numFeatures = checkSize(owner, 'numFeatures', numFeatures)
    checkFloat(owner, dtype)
    checkShape(owner, [numFeatures])
    this.eps = eps
    this.momentum = momentum
    const perChannel = (): Tensor => allocateTensor([numFeatures], dtype)
    this.weight = affine ? new Parameter(perChannel()) : null
    this.bias = affine ? new Parameter(perChannel()) : null
    if (trackRunningStats) {
      this.registerBuffer('running_mean', perChannel())
      this.registerBuffer('running_var', perChannel())
      this.registerBuffer('num_batches_tracked', new Tensor(0, { dtype: 'int32', requiresGrad: false }))
    } else {
      this.running_mean = null
      this.running_var = null
      this.num_batches_tracked = null
    }
    this.resetParameters()
  }

  /** The shapes that the layer takes: as many axes as this. */
  protected abstract checkAxes(shape: readonly number[]): void

  /** Forgets the running statistics: mean 0, variance 1, no batch seen. */
  resetRunningStats(): void {
    if (this.running_mean !== null) zeros(this.running_mean)
    if (this.running_var !== null) ones(this.running_var)
    this.num_batches_tracked?.assign(0)
  }

  /** The same, and sets the weight to 1 and the bias to 0. */
  resetParameters(): void {
    this.resetRunningStats()
    if (this.weight !== null) constant(this.weight, 1)
    if (this.bias !== null) zeros(this.bias)
  }

  override forward(x: TensorLike): Tensor {
    const input = asTensor(this.constructor.name, x)
    this.checkAxes(input.shape)
    const { weight, bias, eps, momentum, training, running_mean: mean, running_var: variance } = this
    if (!training) return normalizeBatch(input, mean, variance, weight, bias, mean === null, 0, eps)
    return normalizeBatch(
      input,
      mean,
      variance,
      weight,
      bias,
      true,
      countBatch(this.num_batches_tracked, momentum, input.dtype),
      eps,
    )
  }

  override extraRepr(): string {
    const { numFeatures, eps, momentum } = this
    const [affine, trackRunningStats] = [this.weight !== null, this.running_mean !== null]
    return showSettings({ numFeatures, eps, momentum, affine, trackRunningStats })
  }
}

/** Over the batch and, where there is one, the length: [n, numFeatures] or [n, numFeatures, length]. */
export class BatchNorm1d extends BatchNorm {
  protected override checkAxes(shape: readonly number[]): void {
    if (shape.length === 2 || shape.length === 3) return
    throw new ShapeError(`BatchNorm1d: expected x [n, channels] or [n, channels, length], got ${showShape(shape)}`)
  }
}

/** Over the batch and the image: [n, numFeatures, height, width]. */
export class BatchNorm2d extends BatchNorm {
  protected override checkAxes(shape: readonly number[]): void {
    if (shape.length === 4) return
    throw new ShapeError(`BatchNorm2d: expected x [n, channels, height, width], got ${showShape(shape)}`)
  }
}
