// conv2d and conv1d: their options and shapes, checked. What they compute is in convolving.ts.

import { isFloat } from '../../base/dtype.js'
import { ArgumentError, DTypeError, ShapeError, showShape } from '../../base/errors.js'
import { checkOptions, type Schema } from '../../base/options.js'
import type { Shape } from '../../base/shape.js'
import type { Tensor, TensorLike } from '../../core/tensor.js'
import { declareFunction } from '../machinery/define.js'
import { asTensor, unify2 } from '../machinery/operands.js'
import {
  bothOf,
  checkImages,
  convolutionPadding,
  from1,
  type Pair,
  pairFrom1,
  pairsOf,
  type TwoNumbers,
} from '../machinery/window.js'
import { reshape } from '../shaping.js'
import { convolve, type Sliding } from './convolving.js'

export interface ConvOptions {
  /** 1 by default. */
  readonly stride?: Pair
  /** Zeros around the image, 0 by default; `'same'`: as many as give the image's size again, `'valid'`: none. */
  readonly padding?: Pair | 'same' | 'valid'
  /** How far apart the taps are; 1 by default. */
  readonly dilation?: Pair
  /** In how many groups the channels are apart; 1 by default. */
  readonly groups?: number
}

export const convOptions: Schema<ConvOptions> = {
  stride: pairFrom1,
  padding: convolutionPadding,
  dilation: pairFrom1,
  groups: from1,
}

/** Where the windows lie. @throws for shapes that do not go together. */
function slidingOf(op: string, x: Shape, weight: Shape, options: ConvOptions): Sliding {
  const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options
  const channels = weight[1] * groups
  const what = `${showShape(x)} and weight ${showShape(weight)}`
  if (x[x.length - weight.length + 1] !== channels || weight[0] % groups !== 0) {
    const grouped = groups === 1 ? '' : ` in ${groups} groups`
    throw new ShapeError(
      `${op}: expected x of ${channels} channels and a multiple of ${groups} filters${grouped}, got ${what}`,
    )
  }
  const [strides, dilations] = [bothOf(stride), bothOf(dilation)]
  const kernel = weight.slice(-2) as unknown as TwoNumbers
  const size = x.slice(-2) as unknown as TwoNumbers
  if (padding === 'same' && strides.some(each => each !== 1)) {
    throw new ArgumentError(`${op}: expected stride 1 with padding 'same', got [${strides}]`)
  }
  const total = ([0, 1] as const).map(i => {
    if (padding === 'same') return dilations[i] * (kernel[i] - 1)
    return padding === 'valid' ? 0 : 2 * bothOf(padding)[i]
  })
  const before = total.map(each => Math.floor(each / 2)) as unknown as TwoNumbers
  const outSize = ([0, 1] as const).map(i => {
    const room = size[i] + total[i] - dilations[i] * (kernel[i] - 1) - 1
    if (room < 0 || kernel[i] === 0) {
      throw new ShapeError(
        `${op}: expected a window of 1 or more that fits the padded image, got ${what}, padding ${padding}`,
      )
    }
    return Math.floor(room / strides[i]) + 1
  }) as unknown as TwoNumbers
  return { groups, kernel, size, outSize, window: pairsOf(strides, before, dilations) }
}

/** The operands as tensors of one float type, the weight with `axes` axes. */
function operandsOf(
  op: string,
  x: TensorLike,
  weight: TensorLike,
  bias: TensorLike | null,
  axes: number,
): [x: Tensor, weight: Tensor, bias: Tensor | null] {
  const [a, w] = unify2(op, x, weight, false)
  if (!isFloat(a.dtype)) throw new DTypeError(`${op}: expected float32 or float64, got ${a.dtype}`)
  if (w.ndim !== axes || (a.ndim !== axes && a.ndim !== axes - 1)) {
    const named = axes === 4 ? 'height, width' : 'length'
    throw new ShapeError(
      `${op}: expected x [n, channels, ${named}], n left out or not, and a weight of ${axes} axes, got ${showShape(a.shape)} and ${showShape(w.shape)}`,
    )
  }
  const b = bias === null ? null : asTensor(op, bias, w.dtype)
  if (b !== null && (b.ndim !== 1 || b.size !== w.shape[0])) {
    throw new ShapeError(`${op}: expected bias [${w.shape[0]}], got ${showShape(b.shape)}`)
  }
  if (b !== null && b.dtype !== a.dtype) throw new DTypeError(`${op}: expected bias of ${a.dtype}, got ${b.dtype}`)
  return [a, w, b]
}

export type ConvOp<O> = (x: TensorLike, weight: TensorLike, bias?: TensorLike | null, options?: O) => Tensor

/**
 * Convolution (without turning the window, as everywhere in networks) of x [n, channels, height, width] with weight
 * [outs, channels/groups, kernelHeight, kernelWidth], plus bias [outs]: [n, outs, outHeight, outWidth]. n may be missing.
 * @throws ShapeError for channels that do not fit, or a window larger than the padded image.
 */
export const conv2d: ConvOp<ConvOptions> = declareFunction({
  name: 'conv2d',
  call: (x: TensorLike, weight: TensorLike, bias: TensorLike | null = null, options: ConvOptions = {}) => {
    checkOptions('conv2d', options, convOptions)
    const [a, w, b] = operandsOf('conv2d', x, weight, bias, 4)
    checkImages('conv2d', a.shape)
    const sliding = slidingOf('conv2d', a.shape, w.shape, options)
    const images = a.ndim === 4 ? a : reshape(a, [1, ...a.shape])
    const y = convolve(images, w, b, sliding)
    return a.ndim === 4 ? y : reshape(y, y.shape.slice(1))
  },
  samples: s => [
    [s.real(2, 3, 5, 6), s.real(4, 3, 3, 3), s.real(4)],
    [s.real(3, 2, 7, 5), s.real(3, 2, 2, 3), s.real(3), { stride: [2, 1], padding: [1, 2] }],
    [s.real(2, 4, 6, 6), s.real(6, 2, 3, 2), null, { groups: 2, dilation: [2, 1], padding: 1 }],
    [s.real(1, 1, 9, 9), s.real(17, 1, 3, 3), s.real(17), { stride: 3, padding: 2, dilation: 2 }],
    [s.real(2, 3, 4, 5), s.real(2, 3, 2, 4), s.real(2), { padding: 'same' }],
    [s.real(2, 6, 3, 3), s.real(6, 1, 3, 3), s.real(6), { groups: 6, padding: 1 }],
    [s.real(16, 2, 3, 3), s.real(25, 2, 1, 1), s.real(25), { padding: 'valid' }],
    [s.real(3, 5, 5), s.real(2, 3, 3, 3), s.real(2)],
    [s.real(0, 2, 5, 5), s.real(3, 2, 3, 3), s.real(3)],
  ],
})

export interface Conv1dOptions {
  /** 1 by default. */
  readonly stride?: number
  /** Zeros before and after, 0 by default; `'same'`: as many as give the length again, `'valid'`: none. */
  readonly padding?: number | 'same' | 'valid'
  /** How far apart the taps are; 1 by default. */
  readonly dilation?: number
  /** In how many groups the channels are apart; 1 by default. */
  readonly groups?: number
}

/** A convolution's padding along one axis. */
const padding1d = {
  expected: `'same', 'valid' or a whole number from 0`,
  accepts: (value: unknown): boolean => !Array.isArray(value) && convolutionPadding.accepts(value),
}
export const conv1dOptions: Schema<Conv1dOptions> = {
  stride: from1,
  padding: padding1d,
  dilation: from1,
  groups: from1,
}

/** Options along one axis as those of images of one row. */
function asRow({ stride = 1, padding = 0, dilation = 1, groups = 1 }: Conv1dOptions): ConvOptions {
  const pad: ConvOptions['padding'] = typeof padding === 'number' ? [0, padding] : padding
  return { stride: [1, stride], padding: pad, dilation: [1, dilation], groups }
}

/** As conv2d, of x [n, channels, length] with weight [outs, channels/groups, kernelLength]. */
export const conv1d: ConvOp<Conv1dOptions> = declareFunction({
  name: 'conv1d',
  call: (x: TensorLike, weight: TensorLike, bias: TensorLike | null = null, options: Conv1dOptions = {}) => {
    checkOptions('conv1d', options, conv1dOptions)
    const [a, w, b] = operandsOf('conv1d', x, weight, bias, 3)
    const flat = (t: Tensor): Tensor => reshape(t, [...t.shape.slice(0, -1), 1, t.shape[t.ndim - 1]])
    const images = flat(a.ndim === 3 ? a : reshape(a, [1, ...a.shape]))
    const sliding = slidingOf('conv1d', images.shape, flat(w).shape, asRow(options))
    const y = convolve(images, flat(w), b, sliding)
    return reshape(y, [...(a.ndim === 3 ? [y.shape[0]] : []), y.shape[1], y.shape[3]])
  },
  samples: s => [
    [s.real(2, 3, 9), s.real(4, 3, 3), s.real(4)],
    [s.real(2, 4, 11), s.real(6, 2, 4), s.real(6), { stride: 2, padding: 3, dilation: 2, groups: 2 }],
    [s.real(3, 8), s.real(2, 3, 5), null, { padding: 'same' }],
  ],
})
