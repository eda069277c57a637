// Layer normalisation over one or several last axes.

import { isFloat } from '../../base/dtype.js'
import { DTypeError, ShapeError, showShape } from '../../base/errors.js'
import { checkedWhereUsed, checkOptions, nonNegative, type Schema } from '../../base/options.js'
import { checkShape, type Shape, sameShape, sizeOf } from '../../base/shape.js'
import type { Tensor, TensorLike } from '../../core/tensor.js'
import { reshape } from '../../ops/index.js'
import { asTensor } from '../../ops/machinery/operands.js'
import { layerNorm as overLastAxis } from '../../ops/network/layer-norm.js'

export interface LayerNormOptions {
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number
  /** The lengths of the axes that are normalised together: by default the weight's shape, the bias's, or the last axis. */
  readonly normalizedShape?: Shape
}

const layerNormOptions: Schema<LayerNormOptions> = { eps: nonNegative, normalizedShape: checkedWhereUsed }

/**
 * (x − mean)/√(variance + eps)·weight + bias, mean and variance over the last axes (variance divided by the count).
 * @param weight of the normalised axes' shape and x's dtype, or null; `bias` likewise.
 */
export function layerNorm(
  x: TensorLike,
  weight: TensorLike | null = null,
  bias: TensorLike | null = null,
  options: LayerNormOptions = {},
): Tensor {
  const { eps = 1e-5, normalizedShape } = checkOptions('layerNorm', options, layerNormOptions)
  if (normalizedShape !== undefined) checkShape('layerNorm', normalizedShape)
  const input = asTensor('layerNorm', x)
  if (!isFloat(input.dtype)) throw new DTypeError(`layerNorm: expected float32 or float64, got ${input.dtype}`)
  const w = weight === null ? null : asTensor('layerNorm', weight, input.dtype)
  const b = bias === null ? null : asTensor('layerNorm', bias, input.dtype)
  const shape = normalizedShape ?? w?.shape ?? b?.shape ?? input.shape.slice(-1)
  if (shape.length === 0 || !sameShape(input.shape.slice(-shape.length), shape)) {
    throw new ShapeError(`layerNorm: expected last axes of ${showShape(shape)}, got shape ${showShape(input.shape)}`)
  }
  const n = sizeOf(shape)
  const affine = (name: string, value: Tensor | null): Tensor | null => {
    if (value === null) return null
    if (!sameShape(value.shape, shape)) {
      throw new ShapeError(`layerNorm: expected ${name} of shape ${showShape(shape)}, got ${showShape(value.shape)}`)
    }
    if (value.dtype !== input.dtype) {
      throw new DTypeError(`layerNorm: expected ${name} of ${input.dtype} as the input, got ${value.dtype}`)
    }
    return shape.length === 1 ? value : reshape(value, [n])
  }
  const rows = shape.length === 1 ? input : reshape(input, [...input.shape.slice(0, -shape.length), n])
  const result = overLastAxis(rows, affine('weight', w), affine('bias', b), eps)
  return shape.length === 1 ? result : reshape(result, input.shape)
}
