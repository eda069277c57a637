// Root-mean-square normalisation.

import type { DType } from '../../base/dtype.js'
import { checkedWhereUsed, checkOptions, flag, nonNegative, type Schema } from '../../base/options.js'
import type { Shape } from '../../base/shape.js'
import { allocateTensor, type Tensor, type TensorLike } from '../../core/tensor.js'
import { rmsNorm } from '../functional/norms.js'
import { ones } from '../init.js'
import { Module } from '../module.js'
import { checkFloat, checkNormalizedShape } from '../options.js'
import { Parameter } from '../parameter.js'
import { showSettings } from '../repr.js'

export interface RMSNormLayerOptions {
  /** Added to the mean of the squares; by default the smallest ε of x's dtype with 1 + ε ≠ 1. */
  readonly eps?: number
  /** Whether there is a weight; true by default. */
  readonly elementwiseAffine?: boolean
  /** `float32` by default. */
  readonly dtype?: DType
}

const rmsNormOptions: Schema<RMSNormLayerOptions> = {
  eps: nonNegative,
  elementwiseAffine: flag,
  dtype: checkedWhereUsed,
}

/** x/√(mean of x² + eps)·weight over the last axes, which have `normalizedShape`; weight of that shape. */
export class RMSNorm extends Module {
  readonly normalizedShape: Shape
  readonly eps: number | undefined
  weight: Parameter | null

  /** @param normalizedShape the lengths of the last axes, or of the last one. */
  constructor(normalizedShape: number | readonly number[], options: RMSNormLayerOptions = {}) {
    super()
    const { eps, elementwiseAffine = true, dtype = 'float32' } = checkOptions('RMSNorm', options, rmsNormOptions)
    const shape = checkNormalizedShape('RMSNorm', normalizedShape)
    checkFloat('RMSNorm', dtype)
    this.normalizedShape = shape
    this.eps = eps
    this.weight = elementwiseAffine ? new Parameter(allocateTensor(shape, dtype)) : null
    this.resetParameters()
  }

  /** Sets the weight to 1. */
  resetParameters(): void {
    if (this.weight !== null) ones(this.weight)
  }

  override forward(x: TensorLike): Tensor {
    const { normalizedShape, eps } = this
    return rmsNorm(x, this.weight, { normalizedShape, ...(eps === undefined ? {} : { eps }) })
  }

  override extraRepr(): string {
    const { normalizedShape, eps } = this
    const settings = { normalizedShape, ...(eps === undefined ? {} : { eps }) }
    return showSettings({ ...settings, elementwiseAffine: this.weight !== null })
  }
}
