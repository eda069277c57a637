// Layers without parameters: the activations, and flatten.

import { checkOptions } from '../../base/options.js'
import type { Tensor, TensorLike } from '../../core/tensor.js'
import { flatten, gelu, relu, sigmoid, softmax, tanh } from '../../ops/index.js'
import { type GeluOptions, geluOptions } from '../../ops/machinery/activation-options.js'
import { Module } from '../module.js'
import { showSettings } from '../repr.js'

/** max(x, 0). */
export class ReLU extends Module {
  override forward(x: TensorLike): Tensor {
    return relu(x)
  }
}

/** tanh x. */
export class Tanh extends Module {
  override forward(x: TensorLike): Tensor {
    return tanh(x)
  }
}

/** 1 / (1 + e⁻ˣ). */
export class Sigmoid extends Module {
  override forward(x: TensorLike): Tensor {
    return sigmoid(x)
  }
}

/** x·Φ(x), Φ the normal distribution function, or its approximation by tanh. */
export class GELU extends Module {
  readonly approximate: 'none' | 'tanh'

  constructor(options: GeluOptions = {}) {
    super()
    this.approximate = checkOptions('GELU', options, geluOptions).approximate ?? 'none'
  }

  override forward(x: TensorLike): Tensor {
    return gelu(x, { approximate: this.approximate })
  }

  override extraRepr(): string {
    return showSettings({ approximate: this.approximate })
  }
}

/** Softmax along an axis, by default the last. */
export class Softmax extends Module {
  readonly axis: number

  constructor(axis = -1) {
    super()
    this.axis = axis
  }

  override forward(x: TensorLike): Tensor {
    return softmax(x, this.axis)
  }

  override extraRepr(): string {
    return showSettings({ axis: this.axis })
  }
}

/** The axes from startAxis to endAxis made into one; by default all but the first. */
export class Flatten extends Module {
  readonly startAxis: number
  readonly endAxis: number

  constructor(startAxis = 1, endAxis = -1) {
    super()
    this.startAxis = startAxis
    this.endAxis = endAxis
  }

  override forward(x: TensorLike): Tensor {
    return flatten(x, this.startAxis, this.endAxis)
  }

  override extraRepr(): string {
    return showSettings({ startAxis: this.startAxis, endAxis: this.endAxis })
  }
}
