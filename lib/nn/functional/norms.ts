// Layer norm and RMS norm over one or several last axes.

import { isFloat } from '../../base/dtype.js'
import { DTypeError, ShapeError, showShape } from '../../base/errors.js'
import { checkedWhereUsed, checkOptions, nonNegative, type Schema } from '../../base/options.js'
import { checkShape, type Shape, sameShape, sizeOf } from '../../base/shape.js'
import type { Tensor, TensorLike } from '../../core/tensor.js'
import { reshape } from '../../ops/index.js'
import { asTensor } from '../../ops/machinery/operands.js'
import { layerNorm as layerNormOp, rmsNorm as rmsNormOp } from '../../ops/network/norms.js'

export interface LayerNormOptions {
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number
  /** The lengths of the axes that are normalised together: by default the weight's shape, the bias's, or the last axis. */
  readonly normalizedShape?: Shape
}

export interface RmsNormOptions {
  /** Added to the mean of the squares; by default the dtype's smallest ε with 1 + ε ≠ 1. */
  readonly eps?: number
  /** The lengths of the axes that are normalised together: by default the weight's shape, or the last axis. */
  readonly normalizedShape?: Shape
}

const normOptions: Schema<LayerNormOptions> = { eps: nonNegative, normalizedShape: checkedWhereUsed }

/**
 * Normalises x over its last axes as one.
 * @param affine weight and bias by name, each of the normalised axes' shape or null.
 * @param run gets x [..., n] and those as [n].
 */
function overLastAxes(
  op: string,
  x: TensorLike,
  affine: Readonly<Record<string, TensorLike | null>>,
  normalizedShape: Shape | undefined,
  run: (rows: Tensor, affine: readonly (Tensor | null)[]) => Tensor,
): Tensor {
  if (normalizedShape !== undefined) checkShape(op, normalizedShape)
  const input = asTensor(op, x)
  if (!isFloat(input.dtype)) throw new DTypeError(`${op}: expected float32 or float64, got ${input.dtype}`)
  const given = Object.entries(affine).map(
    ([name, value]) => [name, value === null ? null : asTensor(op, value, input.dtype)] as const,
  )
  const shape = normalizedShape ?? given.find(([, value]) => value !== null)?.[1]?.shape ?? input.shape.slice(-1)
  if (shape.length === 0 || !sameShape(input.shape.slice(-shape.length), shape)) {
    throw new ShapeError(`${op}: expected last axes of ${showShape(shape)}, got shape ${showShape(input.shape)}`)
  }
  for (const [name, value] of given) {
    if (value === null) continue
    if (!sameShape(value.shape, shape)) {
      throw new ShapeError(`${op}: expected ${name} of shape ${showShape(shape)}, got ${showShape(value.shape)}`)
    }
    if (value.dtype !== input.dtype) {
      throw new DTypeError(`${op}: expected ${name} of ${input.dtype} as the input, got ${value.dtype}`)
    }
  }
  const tensors = given.map(([, value]) => value)
  if (shape.length === 1) return run(input, tensors)
  const n = sizeOf(shape)
  const rows = reshape(input, [...input.shape.slice(0, -shape.length), n])
  const flat = tensors.map(value => value && reshape(value, [n]))
  return reshape(run(rows, flat), input.shape)
}

/**
 * (x − mean)/√(variance + eps)·weight + bias, mean and variance over the last axes (variance divided by the count).
 * @param weight of the normalised axes' shape and x's dtype, or null; `bias` likewise.
 * @throws ShapeError where the shapes do not fit, DTypeError where the dtypes do not.
 */
export function layerNorm(
  x: TensorLike,
  weight: TensorLike | null = null,
  bias: TensorLike | null = null,
  options: LayerNormOptions = {},
): Tensor {
  const { eps = 1e-5, normalizedShape } = checkOptions('layerNorm', options, normOptions)
  return overLastAxes('layerNorm', x, { weight, bias }, normalizedShape, (rows, [w, b]) => layerNormOp(rows, w, b, eps))
}

/**
 * x / √(mean of x² + eps)·weight, the mean over the last axes (Zhang and Sennrich, 2019).
 * @param weight of the normalised axes' shape and x's dtype, or null.
 * @throws ShapeError where the shapes do not fit, DTypeError where the dtypes do not.
 */
export function rmsNorm(x: TensorLike, weight: TensorLike | null = null, options: RmsNormOptions = {}): Tensor {
  const { eps, normalizedShape } = checkOptions('rmsNorm', options, normOptions)
  return overLastAxes('rmsNorm', x, { weight }, normalizedShape, (rows, [w]) =>
    rmsNormOp(rows, w, eps ?? (rows.dtype === 'float32' ? 2 ** -23 : 2 ** -52)),
  )
}
