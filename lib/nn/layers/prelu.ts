// ReLU with a learned slope below 0.

import type { DType } from '../../base/dtype.js'
import { ArgumentError, showValue } from '../../base/errors.js'
import { checkedWhereUsed, checkOptions, finite, integer, type Schema } from '../../base/options.js'
import { allocateTensor, type Tensor, type TensorLike } from '../../core/tensor.js'
import { prelu } from '../../ops/index.js'
import { constant } from '../init.js'
import { Module } from '../module.js'
import { checkFloat } from '../options.js'
import { Parameter } from '../parameter.js'
import { showSettings } from '../repr.js'

export interface PReLUOptions {
  /** How many slopes there are: 1, by default, or one for each entry of axis 1. */
  readonly numParameters?: number
  /** The slopes at first; 0.25 by default. */
  readonly init?: number
  /** `float32` by default. */
  readonly dtype?: DType
}

const preluOptions: Schema<PReLUOptions> = { numParameters: integer, init: finite, dtype: checkedWhereUsed }

/** x where it is positive, weight·x elsewhere (He and others, 2015); weight [numParameters]. */
export class PReLU extends Module {
  readonly numParameters: number
  readonly init: number
  weight: Parameter

  constructor(options: PReLUOptions = {}) {
    super()
    const { numParameters = 1, init = 0.25, dtype = 'float32' } = checkOptions('PReLU', options, preluOptions)
    if (numParameters < 1) {
      throw new ArgumentError(`PReLU: expected numParameters to be 1 or more, got ${showValue(numParameters)}`)
    }
    checkFloat('PReLU', dtype)
    this.numParameters = numParameters
    this.init = init
    this.weight = new Parameter(allocateTensor([numParameters], dtype))
    this.resetParameters()
  }

  /** Sets the slopes to `init`. */
  resetParameters(): void {
    constant(this.weight, this.init)
  }

  override forward(x: TensorLike): Tensor {
    return prelu(x, this.weight)
  }

  override extraRepr(): string {
    return showSettings({ numParameters: this.numParameters })
  }
}
