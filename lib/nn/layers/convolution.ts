// The convolutional layers.

import type { DType } from '../../base/dtype.js'
import { ArgumentError, showValue } from '../../base/errors.js'
import { checkedWhereUsed, checkOptions, flag, type Schema } from '../../base/options.js'
import { checkShape, sizeOf } from '../../base/shape.js'
import { allocateTensor, type Tensor, type TensorLike } from '../../core/tensor.js'
import { bothOf, checkPair, type Pair, showPair, type TwoNumbers } from '../../ops/machinery/window.js'
import {
  type Conv1dOptions,
  type ConvOptions,
  conv1d,
  conv1dOptions,
  conv2d,
  convOptions,
} from '../../ops/network/convolution.js'
import { kaimingUniform, uniform, zeros } from '../init.js'
import { Module } from '../module.js'
import { checkFloat, checkSize } from '../options.js'
import { Parameter } from '../parameter.js'
import { showSettings } from '../repr.js'

interface OwnOptions {
  /** Whether a bias is added; true by default. */
  readonly bias?: boolean
  /** `float32` by default. */
  readonly dtype?: DType
}

export interface Conv2dOptions extends ConvOptions, OwnOptions {}
export interface Conv1dLayerOptions extends Conv1dOptions, OwnOptions {}

const own: Schema<OwnOptions> = { bias: flag, dtype: checkedWhereUsed }
const conv2dLayerOptions: Schema<Conv2dOptions> = { ...convOptions, ...own }
const conv1dLayerOptions: Schema<Conv1dLayerOptions> = { ...conv1dOptions, ...own }

/** What both have: the channels and the parameters. */
abstract class Convolution extends Module {
  readonly inChannels: number
  readonly outChannels: number
  readonly groups: number
  weight: Parameter
  bias: Parameter | null

  constructor(
    owner: string,
    inChannels: number,
    outChannels: number,
    kernel: readonly number[],
    { groups = 1, bias = true, dtype = 'float32' }: OwnOptions & { readonly groups?: number },
  ) {
    super()
    this.inChannels = checkSize(owner, 'inChannels', inChannels)
    this.outChannels = checkSize(owner, 'outChannels', outChannels)
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new ArgumentError(
        `${owner}: expected inChannels and outChannels that ${groups} groups divide, got ${inChannels} and ${outChannels}`,
      )
    }
    this.groups = groups
    checkFloat(owner, dtype)
    const shape = [outChannels, inChannels / groups, ...kernel]
    checkShape(owner, shape)
    this.weight = new Parameter(allocateTensor(shape, dtype))
    this.bias = bias ? new Parameter(allocateTensor([outChannels], dtype)) : null
    this.resetParameters()
  }

  /** Draws weight and bias anew: uniform in ±1/√(inputs of an output), as PyTorch does. */
  resetParameters(): void {
    kaimingUniform(this.weight, { a: Math.sqrt(5) })
    if (this.bias === null) return
    const inputs = sizeOf(this.weight.shape.slice(1))
    if (inputs > 0) uniform(this.bias, -1 / Math.sqrt(inputs), 1 / Math.sqrt(inputs))
    else zeros(this.bias)
  }
}

/** Convolution of [n, inChannels, height, width]; weight [outChannels, inChannels/groups, …kernelSize], bias [outChannels]. */
export class Conv2d extends Convolution {
  readonly kernelSize: TwoNumbers
  readonly stride: TwoNumbers
  readonly padding: TwoNumbers | 'same' | 'valid'
  readonly dilation: TwoNumbers

  constructor(inChannels: number, outChannels: number, kernelSize: Pair, options: Conv2dOptions = {}) {
    checkOptions('Conv2d', options, conv2dLayerOptions)
    const kernel = checkPair('Conv2d', 'kernelSize', kernelSize)
    super('Conv2d', inChannels, outChannels, kernel, options)
    const { stride = 1, padding = 0, dilation = 1 } = options
    this.kernelSize = [...kernel]
    this.stride = bothOf(stride)
    this.padding = typeof padding === 'string' ? padding : bothOf(padding)
    this.dilation = bothOf(dilation)
  }

  override forward(x: TensorLike): Tensor {
    const { weight, bias, stride, padding, dilation, groups } = this
    return conv2d(x, weight, bias, { stride, padding, dilation, groups })
  }

  override extraRepr(): string {
    const { inChannels, outChannels, kernelSize, stride, padding, dilation, groups, bias } = this
    return showSettings({
      inChannels,
      outChannels,
      kernelSize: showPair(kernelSize),
      stride: showPair(stride),
      padding: typeof padding === 'string' ? padding : showPair(padding),
      dilation: showPair(dilation),
      groups,
      bias: bias !== null,
    })
  }
}

/** Convolution of [n, inChannels, length]; weight [outChannels, inChannels/groups, kernelSize], bias [outChannels]. */
export class Conv1d extends Convolution {
  readonly kernelSize: number
  readonly stride: number
  readonly padding: number | 'same' | 'valid'
  readonly dilation: number

  constructor(inChannels: number, outChannels: number, kernelSize: number, options: Conv1dLayerOptions = {}) {
    checkOptions('Conv1d', options, conv1dLayerOptions)
    if (!Number.isSafeInteger(kernelSize) || kernelSize < 1) {
      throw new ArgumentError(`Conv1d: expected kernelSize to be a whole number from 1, got ${showValue(kernelSize)}`)
    }
    super('Conv1d', inChannels, outChannels, [kernelSize], options)
    const { stride = 1, padding = 0, dilation = 1 } = options
    this.kernelSize = kernelSize
    this.stride = stride
    this.padding = padding
    this.dilation = dilation
  }

  override forward(x: TensorLike): Tensor {
    const { weight, bias, stride, padding, dilation, groups } = this
    return conv1d(x, weight, bias, { stride, padding, dilation, groups })
  }

  override extraRepr(): string {
    const { inChannels, outChannels, kernelSize, stride, padding, dilation, groups, bias } = this
    return showSettings({
      inChannels,
      outChannels,
      kernelSize,
      stride,
      padding,
      dilation,
      groups,
      bias: bias !== null,
    })
  }
}
