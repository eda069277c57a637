// The pooling layers.

import { checkOptions, type Schema } from '../../base/options.js'
import type { Tensor, TensorLike } from '../../core/tensor.js'
import { bothOf, checkPair, type Pair, showPair, type TwoNumbers } from '../../ops/machinery/window.js'
import {
  type AvgPoolOptions,
  avgPool2d,
  avgPoolOptions,
  type MaxPoolOptions,
  maxPool2d,
  maxPoolOptions,
} from '../../ops/network/pooling.js'
import { Module } from '../module.js'
import { showSettings } from '../repr.js'

export type MaxPool2dOptions = Omit<MaxPoolOptions, 'kernelSize'>
export type AvgPool2dOptions = Omit<AvgPoolOptions, 'kernelSize'>

function without<T extends { readonly kernelSize: Pair }>(schema: Schema<T>): Schema<Omit<T, 'kernelSize'>> {
  const { kernelSize: _, ...rest } = schema
  return rest as unknown as Schema<Omit<T, 'kernelSize'>>
}

const maxOptions = without(maxPoolOptions)
const avgOptions = without(avgPoolOptions)

/** The largest of each window. */
export class MaxPool2d extends Module {
  readonly kernelSize: TwoNumbers
  readonly stride: TwoNumbers
  readonly padding: TwoNumbers
  readonly dilation: TwoNumbers
  readonly ceilMode: boolean

  /** @param kernelSize also the stride, unless `options` gives another. */
  constructor(kernelSize: Pair, options: MaxPool2dOptions = {}) {
    super()
    const { stride, padding = 0, dilation = 1, ceilMode = false } = checkOptions('MaxPool2d', options, maxOptions)
    this.kernelSize = [...checkPair('MaxPool2d', 'kernelSize', kernelSize)]
    this.stride = bothOf(stride ?? kernelSize)
    this.padding = bothOf(padding)
    this.dilation = bothOf(dilation)
    this.ceilMode = ceilMode
  }

  override forward(x: TensorLike): Tensor {
    const { kernelSize, stride, padding, dilation, ceilMode } = this
    return maxPool2d(x, { kernelSize, stride, padding, dilation, ceilMode })
  }

  override extraRepr(): string {
    const { kernelSize, stride, padding, dilation, ceilMode } = this
    return showSettings({
      kernelSize: showPair(kernelSize),
      stride: showPair(stride),
      padding: showPair(padding),
      dilation: showPair(dilation),
      ceilMode,
    })
  }
}

/** The mean of each window. */
export class AvgPool2d extends Module {
  readonly kernelSize: TwoNumbers
  readonly stride: TwoNumbers
  readonly padding: TwoNumbers
  readonly ceilMode: boolean
  readonly countIncludePad: boolean

  /** @param kernelSize also the stride, unless `options` gives another. */
  constructor(kernelSize: Pair, options: AvgPool2dOptions = {}) {
    super()
    const checked = checkOptions('AvgPool2d', options, avgOptions)
    const { stride, padding = 0, ceilMode = false, countIncludePad = true } = checked
    this.kernelSize = [...checkPair('AvgPool2d', 'kernelSize', kernelSize)]
    this.stride = bothOf(stride ?? kernelSize)
    this.padding = bothOf(padding)
    this.ceilMode = ceilMode
    this.countIncludePad = countIncludePad
  }

  override forward(x: TensorLike): Tensor {
    const { kernelSize, stride, padding, ceilMode, countIncludePad } = this
    return avgPool2d(x, { kernelSize, stride, padding, ceilMode, countIncludePad })
  }

  override extraRepr(): string {
    const { kernelSize, stride, padding, ceilMode, countIncludePad } = this
    return showSettings({
      kernelSize: showPair(kernelSize),
      stride: showPair(stride),
      padding: showPair(padding),
      ceilMode,
      countIncludePad,
    })
  }
}
