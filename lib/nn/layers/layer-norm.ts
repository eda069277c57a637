// Layer normalisation.

import type { DType } from '../../base/dtype.js'
import { checkedWhereUsed, checkOptions, flag, nonNegative, type Schema } from '../../base/options.js'
import type { Shape } from '../../base/shape.js'
import { allocateTensor, type Tensor, type TensorLike } from '../../core/tensor.js'
import { layerNorm } from '../functional/norms.js'
import { ones, zeros } from '../init.js'
import { Module } from '../module.js'
import { checkFloat, checkNormalizedShape } from '../options.js'
import { Parameter } from '../parameter.js'
import { showSettings } from '../repr.js'

export interface LayerNormLayerOptions {
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number
  /** Whether there are a weight and a bias; true by default. */
  readonly elementwiseAffine?: boolean
  /** Whether there is a bias beside the weight; true by default. */
  readonly bias?: boolean
  /** `float32` by default. */
  readonly dtype?: DType
}

const layerNormOptions: Schema<LayerNormLayerOptions> = {
  eps: nonNegative,
  elementwiseAffine: flag,
  bias: flag,
  dtype: checkedWhereUsed,
}

/**
 * (x − mean)/√(variance + eps)·weight + bias over the last axes, which have `normalizedShape` (Ba et al., "Layer
 * normalization", 2016); weight and bias of that shape.
 */
export class LayerNorm extends Module {
  readonly normalizedShape: Shape
  readonly eps: number
  weight: Parameter | null
  bias: Parameter | null

  /** @param normalizedShape the lengths of the last axes, or of the last one. */
  constructor(normalizedShape: number | readonly number[], options: LayerNormLayerOptions = {}) {
    super()
    const checked = checkOptions('LayerNorm', options, layerNormOptions)
    const { eps = 1e-5, elementwiseAffine = true, bias = true, dtype = 'float32' } = checked
    const shape = checkNormalizedShape('LayerNorm', normalizedShape)
    checkFloat('LayerNorm', dtype)
    this.normalizedShape = shape
    this.eps = eps
    this.weight = elementwiseAffine ? new Parameter(allocateTensor(shape, dtype)) : null
    this.bias = elementwiseAffine && bias ? new Parameter(allocateTensor(shape, dtype)) : null
    this.resetParameters()
  }

  /** Sets the weight to 1 and the bias to 0. */
  resetParameters(): void {
    if (this.weight !== null) ones(this.weight)
    if (this.bias !== null) zeros(this.bias)
  }

  override forward(x: TensorLike): Tensor {
    const { normalizedShape, eps } = this
    return layerNorm(x, this.weight, this.bias, { normalizedShape, eps })
  }

  override extraRepr(): string {
    const { normalizedShape, eps } = this
    return showSettings({ normalizedShape, eps, elementwiseAffine: this.weight !== null })
  }
}
