// Pooling over windows of images: the largest of each, or the mean.

import { isFloat } from '../../base/dtype.js'
import { ArgumentError, DTypeError, ShapeError, showShape } from '../../base/errors.js'
import { checkOptions, flag, type Schema } from '../../base/options.js'
import { type Shape, sizeOf } from '../../base/shape.js'
import type { Primitive } from '../../core/primitive.js'
import type { Tensor, TensorLike } from '../../core/tensor.js'
import { less } from '../comparison.js'
import { gather } from '../indexing.js'
import { apply } from '../machinery/apply.js'
import { expandTo } from '../machinery/broadcast-gradient.js'
import { declareFunction } from '../machinery/define.js'
import { asTensor } from '../machinery/operands.js'
import {
  bothOf,
  checkImages,
  checkPair,
  type Pair,
  pairFrom0,
  pairFrom1,
  pairsOf,
  type TwoNumbers,
} from '../machinery/window.js'
import { where } from '../selecting.js'
import { reshape } from '../shaping.js'

/** Where windows lie: over images of [height, width], giving [height, width]. */
interface Sliding {
  readonly size: TwoNumbers
  readonly outSize: TwoNumbers
  /** Kernel, strides, padding, dilations. */
  readonly window: Int32Array
}

type KernelSizes = readonly [number, number, number, number, number]

const sizesOf = (t: Tensor, { size, outSize }: Sliding): KernelSizes => [
  sizeOf(t.shape.slice(0, -2)),
  ...size,
  ...outSize,
]
const withSize = (t: Tensor, size: TwoNumbers): Shape => [...t.shape.slice(0, -2), ...size]

/** It leaves where in its plane each of its results was. */
const maxOp: Primitive<Sliding> = {
  name: 'maxPool2d',
  saves: 'nothing',
  plan: ([x], { outSize }) => {
    const shape = withSize(x, outSize)
    return { shape, dtype: x.dtype, more: [{ shape, dtype: 'int32' }] }
  },
  forward: (k, out, [x], params, _, [at]) =>
    k.maxPool2d(...sizesOf(x, params), params.window, x.storage.array, out, at.storage.array as Int32Array),
  vjp: (g, { params, shape, results: [, at] }) => apply(maxBackwardOp, [expandTo(g, shape), at], params),
}

/** The gradient for x, from g and the positions; its own gradient reads there. */
const maxBackwardOp: Primitive<Sliding> = {
  name: 'maxPool2dBackward',
  saves: 'inputs',
  plan: ([g], { size }) => ({ shape: withSize(g, size), dtype: g.dtype }),
  forward: (k, out, [g, at], params) =>
    k.maxPool2dBackward(...sizesOf(g, params), params.window, g.storage.array, at.storage.array as Int32Array, out),
  vjp: (h, { inputs: [, at], shape }, i) => {
    if (i > 0) return null
    const planes = sizeOf(shape.slice(0, -2))
    const positions = reshape(at, [planes, sizeOf(at.shape.slice(-2))])
    const isNone = less(positions, 0)
    const flat = reshape(expandTo(h, shape), [planes, sizeOf(shape.slice(-2))])
    return reshape(where(isNone, 0, gather(flat, 1, where(isNone, 0, positions))), at.shape)
  },
}

interface MeanParams extends Sliding {
  readonly countIncludePad: boolean
}

const meanOp: Primitive<MeanParams> = {
  name: 'avgPool2d',
  saves: 'nothing',
  plan: ([x], { outSize }) => ({ shape: withSize(x, outSize), dtype: x.dtype }),
  forward: (k, out, [x], params) =>
    k.avgPool2d(...sizesOf(x, params), params.countIncludePad, params.window, x.storage.array, out),
  vjp: (g, { params, shape }) => apply(meanBackwardOp, [expandTo(g, shape)], params),
}

/** Linear, as the mean is: each is the other's gradient. */
const meanBackwardOp: Primitive<MeanParams> = {
  name: 'avgPool2dBackward',
  saves: 'nothing',
  plan: ([g], { size }) => ({ shape: withSize(g, size), dtype: g.dtype }),
  forward: (k, out, [g], params) =>
    k.avgPool2dBackward(...sizesOf(g, params), params.countIncludePad, params.window, g.storage.array, out),
  vjp: (h, { params, shape }) => apply(meanOp, [expandTo(h, shape)], params),
}

interface PoolOptions {
  /** The window. */
  readonly kernelSize: Pair
  /** The kernel's size by default. */
  readonly stride?: Pair
  /** What is added around the image; at most half the kernel, 0 by default. */
  readonly padding?: Pair
  /** Whether a last window may go beyond the image; false by default. */
  readonly ceilMode?: boolean
}

export interface MaxPoolOptions extends PoolOptions {
  /** How far apart the taps are; 1 by default. */
  readonly dilation?: Pair
}

export interface AvgPoolOptions extends PoolOptions {
  /** Whether padding counts in the mean; true by default. */
  readonly countIncludePad?: boolean
}

const poolOptions: Schema<PoolOptions> = {
  kernelSize: pairFrom1,
  stride: pairFrom1,
  padding: pairFrom0,
  ceilMode: flag,
}
export const maxPoolOptions: Schema<MaxPoolOptions> = { ...poolOptions, dilation: pairFrom1 }
export const avgPoolOptions: Schema<AvgPoolOptions> = { ...poolOptions, countIncludePad: flag }

function imagesOf(op: string, x: TensorLike): Tensor {
  const images = asTensor(op, x)
  if (!isFloat(images.dtype)) throw new DTypeError(`${op}: expected float32 or float64, got ${images.dtype}`)
  checkImages(op, images.shape)
  return images
}

/** Where the windows lie. @throws for padding of more than half the kernel, or no room for one window. */
function slidingOf(op: string, shape: Shape, options: MaxPoolOptions): Sliding {
  const { kernelSize, stride, padding = 0, dilation = 1, ceilMode = false } = options
  const kernel = checkPair(op, 'kernelSize', kernelSize)
  const [strides, pads, dilations] = [bothOf(stride ?? kernelSize), bothOf(padding), bothOf(dilation)]
  if (pads.some((pad, i) => 2 * pad > kernel[i])) {
    throw new ArgumentError(`${op}: expected padding of at most half the kernel [${kernel}], got [${pads}]`)
  }
  const size = shape.slice(-2) as unknown as TwoNumbers
  const outSize = ([0, 1] as const).map(i => {
    const room = size[i] + 2 * pads[i] - dilations[i] * (kernel[i] - 1) - 1
    const count = Math[ceilMode ? 'ceil' : 'floor'](room / strides[i]) + 1
    // The last window has to begin within the image or the padding before it.
    const fitting = ceilMode && (count - 1) * strides[i] >= size[i] + pads[i] ? count - 1 : count
    // In ceil mode one window may be larger than all there is.
    if (fitting < 1 || (room < 0 && !ceilMode) || size[i] === 0) {
      throw new ShapeError(
        `${op}: expected room for the window [${kernel}], got ${showShape(shape)}, padding [${pads}]`,
      )
    }
    return fitting
  }) as unknown as TwoNumbers
  return { size, outSize, window: pairsOf(kernel, strides, pads, dilations) }
}

/**
 * The largest of each window of x [n, channels, height, width] (n may be missing); NaN if any is. Its gradient goes to
 * the first of several that are largest.
 */
export const maxPool2d: (x: TensorLike, options: MaxPoolOptions) => Tensor = declareFunction({
  name: 'maxPool2d',
  call: (x: TensorLike, options: MaxPoolOptions) => {
    checkOptions('maxPool2d', options, maxPoolOptions)
    const images = imagesOf('maxPool2d', x)
    return apply(maxOp, [images], slidingOf('maxPool2d', images.shape, options))
  },
  samples: s => [
    [s.distinct(2, 3, 4, 6), { kernelSize: 2 }],
    [s.distinct(2, 1, 6, 18), { kernelSize: 2 }],
    [s.distinct(1, 2, 5, 21), { kernelSize: 2 }],
    [s.distinct(2, 2, 7, 8), { kernelSize: 3, stride: 2, padding: 1 }],
    [s.distinct(1, 2, 7, 9), { kernelSize: [2, 3], stride: [1, 2], dilation: [3, 2], padding: [1, 0] }],
    [s.distinct(2, 5, 6), { kernelSize: 2, ceilMode: true }],
    [s.distinct(0, 2, 4, 4), { kernelSize: 2 }],
  ],
})

/** The mean of each window of x [n, channels, height, width] (n may be missing). */
export const avgPool2d: (x: TensorLike, options: AvgPoolOptions) => Tensor = declareFunction({
  name: 'avgPool2d',
  call: (x: TensorLike, options: AvgPoolOptions) => {
    const { countIncludePad = true, ...rest } = checkOptions('avgPool2d', options, avgPoolOptions)
    const images = imagesOf('avgPool2d', x)
    return apply(meanOp, [images], { ...slidingOf('avgPool2d', images.shape, rest), countIncludePad })
  },
  samples: s => [
    [s.real(2, 3, 4, 6), { kernelSize: 2 }],
    [s.real(2, 2, 7, 8), { kernelSize: 3, stride: 2, padding: 1 }],
    [s.real(2, 2, 7, 8), { kernelSize: 3, stride: 2, padding: 1, countIncludePad: false }],
    [s.real(1, 2, 6, 6), { kernelSize: [3, 2], stride: [2, 1], padding: [1, 0], ceilMode: true }],
    [s.real(5, 6, 6), { kernelSize: 3, stride: 1 }],
    [s.real(0, 2, 4, 4), { kernelSize: 2 }],
  ],
})
