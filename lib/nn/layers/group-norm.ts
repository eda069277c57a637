// Group normalisation.

import type { DType } from '../../base/dtype.js'
import { ArgumentError, showValue } from '../../base/errors.js'
import { checkedWhereUsed, checkOptions, flag, nonNegative, type Schema } from '../../base/options.js'
import { checkShape } from '../../base/shape.js'
import { allocateTensor, type Tensor, type TensorLike } from '../../core/tensor.js'
import { groupNorm } from '../functional/channel-norms.js'
import { ones, zeros } from '../init.js'
import { Module } from '../module.js'
import { checkFloat, checkSize } from '../options.js'
import { Parameter } from '../parameter.js'
import { showSettings } from '../repr.js'

export interface GroupNormLayerOptions {
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number
  /** Whether there are a weight and a bias; true by default. */
  readonly affine?: boolean
  /** `float32` by default. */
  readonly dtype?: DType
}

const groupNormLayerOptions: Schema<GroupNormLayerOptions> = {
  eps: nonNegative,
  affine: flag,
  dtype: checkedWhereUsed,
}

/** Over each of `numGroups` groups of channels of each sample of [n, numChannels, …]; weight and bias [numChannels]. */
export class GroupNorm extends Module {
  readonly numGroups: number
  readonly numChannels: number
  readonly eps: number
  weight: Parameter | null
  bias: Parameter | null

  constructor(numGroups: number, numChannels: number, options: GroupNormLayerOptions = {}) {
    super()
    const { eps = 1e-5, affine = true, dtype = 'float32' } = checkOptions('GroupNorm', options, groupNormLayerOptions)
    this.numChannels = checkSize('GroupNorm', 'numChannels', numChannels)
    if (!Number.isSafeInteger(numGroups) || numGroups < 1 || numChannels % numGroups !== 0) {
      throw new ArgumentError(
        `GroupNorm: expected a number of groups that divides ${numChannels} channels, got ${showValue(numGroups)}`,
      )
    }
    this.numGroups = numGroups
    this.eps = eps
    checkFloat('GroupNorm', dtype)
    checkShape('GroupNorm', [numChannels])
    this.weight = affine ? new Parameter(allocateTensor([numChannels], dtype)) : null
    this.bias = affine ? new Parameter(allocateTensor([numChannels], dtype)) : null
    this.resetParameters()
  }

  /** Sets the weight to 1 and the bias to 0. */
  resetParameters(): void {
    if (this.weight !== null) ones(this.weight)
    if (this.bias !== null) zeros(this.bias)
  }

  override forward(x: TensorLike): Tensor {
    return groupNorm(x, this.numGroups, this.weight, this.bias, { eps: this.eps })
  }

  override extraRepr(): string {
    const { numGroups, numChannels, eps } = this
    return showSettings({ numGroups, numChannels, eps, affine: this.weight !== null })
  }
}
