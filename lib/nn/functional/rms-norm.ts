// Root-mean-square norm over one or several last axes.

import { isFloat } from '../../base/dtype.js'
import { DTypeError, ShapeError, showShape } from '../../base/errors.js'
import { checkedWhereUsed, checkOptions, nonNegative, type Schema } from '../../base/options.js'
import { checkShape, type Shape, sameShape, sizeOf } from '../../base/shape.js'
import type { Tensor, TensorLike } from '../../core/tensor.js'
import { reshape } from '../../ops/index.js'
import { asTensor } from '../../ops/machinery/operands.js'
import { rmsNorm as overLastAxis } from '../../ops/network/rms-norm.js'

export interface RmsNormOptions {
  /** Added to the mean of the squares; by default the dtype's smallest ε with 1 + ε ≠ 1. */
  readonly eps?: number
  /** The lengths of the axes that are normalised together: by default the weight's shape, or the last axis. */
  readonly normalizedShape?: Shape
}

const rmsNormOptions: Schema<RmsNormOptions> = { eps: nonNegative, normalizedShape: checkedWhereUsed }

/**
 * x / √(mean of x² + eps)·weight, the mean over the last axes (Zhang and Sennrich, 2019).
 * @param weight of the normalised axes' shape and x's dtype, or null.
 * @throws ShapeError where the shapes do not fit, DTypeError where the dtypes do not.
 */
export function rmsNorm(x: TensorLike, weight: TensorLike | null = null, options: RmsNormOptions = {}): Tensor {
  const { eps, normalizedShape } = checkOptions('rmsNorm', options, rmsNormOptions)
  if (normalizedShape !== undefined) checkShape('rmsNorm', normalizedShape)
  const input = asTensor('rmsNorm', x)
  if (!isFloat(input.dtype)) throw new DTypeError(`rmsNorm: expected float32 or float64, got ${input.dtype}`)
  const w = weight === null ? null : asTensor('rmsNorm', weight, input.dtype)
  const shape = normalizedShape ?? w?.shape ?? input.shape.slice(-1)
  if (shape.length === 0 || !sameShape(input.shape.slice(-shape.length), shape)) {
    throw new ShapeError(`rmsNorm: expected last axes of ${showShape(shape)}, got shape ${showShape(input.shape)}`)
  }
  if (w !== null && !sameShape(w.shape, shape)) {
    throw new ShapeError(`rmsNorm: expected weight of shape ${showShape(shape)}, got ${showShape(w.shape)}`)
  }
  if (w !== null && w.dtype !== input.dtype) {
    throw new DTypeError(`rmsNorm: expected weight of ${input.dtype} as the input, got ${w.dtype}`)
  }
  const least = eps ?? (input.dtype === 'float32' ? 2 ** -23 : 2 ** -52)
  if (shape.length === 1) return overLastAxis(input, w, least)
  const n = sizeOf(shape)
  const rows = reshape(input, [...input.shape.slice(0, -shape.length), n])
  return reshape(overLastAxis(rows, w && reshape(w, [n]), least), input.shape)
}
