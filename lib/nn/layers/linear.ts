// The linear layer.

import type { DType } from '../../base/dtype.js'
import { checkedWhereUsed, checkOptions, flag, type Schema } from '../../base/options.js'
import { checkShape } from '../../base/shape.js'
import { allocateTensor, type Tensor, type TensorLike } from '../../core/tensor.js'
import { linear } from '../../ops/index.js'
import { kaimingUniform, uniform, zeros } from '../init.js'
import { Module } from '../module.js'
import { checkFloat, checkSize } from '../options.js'
import { Parameter } from '../parameter.js'
import { showSettings } from '../repr.js'

export interface LinearOptions {
  /** Whether a bias is added; true by default. */
  readonly bias?: boolean
  /** `float32` by default. */
  readonly dtype?: DType
}

const linearOptions: Schema<LinearOptions> = { bias: flag, dtype: checkedWhereUsed }

/** x·weightᵀ + bias, from […, inFeatures] to […, outFeatures]; weight [outFeatures, inFeatures], bias [outFeatures]. */
export class Linear extends Module {
  readonly inFeatures: number
  readonly outFeatures: number
  weight: Parameter
  bias: Parameter | null

  /** Weight and bias start uniform in ±1/√inFeatures, as PyTorch's do. */
  constructor(inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    super()
    const { bias = true, dtype = 'float32' } = checkOptions('Linear', options, linearOptions)
    this.inFeatures = checkSize('Linear', 'inFeatures', inFeatures)
    this.outFeatures = checkSize('Linear', 'outFeatures', outFeatures)
    checkFloat('Linear', dtype)
    checkShape('Linear', [outFeatures, inFeatures])
    this.weight = new Parameter(allocateTensor([outFeatures, inFeatures], dtype))
    this.bias = bias ? new Parameter(allocateTensor([outFeatures], dtype)) : null
    this.resetParameters()
  }

  /** Draws weight and bias anew. */
  resetParameters(): void {
    kaimingUniform(this.weight, { a: Math.sqrt(5) })
    if (this.bias === null) return
    const bound = 1 / Math.sqrt(this.inFeatures)
    if (this.inFeatures > 0) uniform(this.bias, -bound, bound)
    else zeros(this.bias)
  }

  override forward(x: TensorLike): Tensor {
    return linear(x, this.weight, this.bias)
  }

  override extraRepr(): string {
    const { inFeatures, outFeatures } = this
    return showSettings({ inFeatures, outFeatures, bias: this.bias !== null })
  }
}
