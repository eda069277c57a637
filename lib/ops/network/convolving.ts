// The convolution of images and its two gradients as ops. Each is a gradient of the others: the three are closed under
// differentiation.

import { type Shape, sizeOf } from '../../base/shape.js'
import type { Plan, Primitive } from '../../core/primitive.js'
import type { Tensor } from '../../core/tensor.js'
import { emptyArray } from '../../core/values.js'
import { apply } from '../machinery/apply.js'
import { expandTo } from '../machinery/broadcast-gradient.js'
import type { TwoNumbers } from '../machinery/window.js'
import { sum } from '../reductions.js'
import { reshape } from '../shaping.js'
import { slice } from '../slicing.js'

/** Where windows lie: over images of [height, width], giving [height, width]. */
export interface Sliding {
  readonly groups: number
  readonly kernel: TwoNumbers
  readonly size: TwoNumbers
  readonly outSize: TwoNumbers
  /** Strides, padding before the first row and column, dilations. */
  readonly window: Int32Array
}

type KernelSizes = readonly [number, number, number, number, number, number, number, number, number]

/** Sizes as the kernels take them, from groups on; `ins` and `outs` are channels of all groups together. */
const sizesOf = ({ groups, kernel, size, outSize }: Sliding, ins: number, outs: number): KernelSizes => [
  groups,
  ins / groups,
  outs / groups,
  ...size,
  ...kernel,
  ...outSize,
]

/** x, weight and, where there is one, bias. */
const convolutionOp: Primitive<Sliding> = {
  name: 'conv2d',
  saves: 'others',
  plan: ([x, weight], { outSize }) => ({ shape: [x.shape[0], weight.shape[0], ...outSize], dtype: x.dtype }),
  forward: (k, out, [x, weight, bias], params) => {
    const sizes = sizesOf(params, x.shape[1], weight.shape[0])
    const b = bias?.storage.array ?? emptyArray(x.dtype)
    k.conv2d(x.shape[0], ...sizes, params.window, x.storage.array, weight.storage.array, b, out)
  },
  jointVjp: ([given], { inputs: [x, weight], params, shape, shapes }, [forInput, forWeight, forBias]) => {
    const g = expandTo(given as Tensor, shape)
    const dx = forInput ? apply(inputOp, [g, weight], params) : null
    if (!forWeight) return [dx, null, forBias ? sum(g, [0, 2, 3]) : null]
    const both = apply(weightOp, [g, x], { ...params, hasBias: shapes.length > 2 })
    const taps = sizeOf(shapes[1].slice(1))
    const columns = (from: number, to: number, like: Shape): Tensor =>
      reshape(slice(both, [0, shape[1]], [from, to]), like)
    return [dx, columns(0, taps, shapes[1]), forBias ? columns(taps, taps + 1, shapes[2]) : null]
  },
}

/** The gradient for x, from g and weight. */
const inputOp: Primitive<Sliding> = {
  name: 'conv2dInput',
  saves: 'others',
  plan: ([g, weight], { groups, size }) => ({ shape: [g.shape[0], weight.shape[1] * groups, ...size], dtype: g.dtype }),
  forward: (k, out, [g, weight], params) => {
    const sizes = sizesOf(params, weight.shape[1] * params.groups, g.shape[1])
    k.conv2dInput(g.shape[0], ...sizes, params.window, g.storage.array, weight.storage.array, out)
  },
  vjp: (h, { inputs: [g, weight], params, shape, shapes }, i) => {
    const full = expandTo(h, shape)
    if (i === 0) return apply(convolutionOp, [full, weight], params)
    return reshape(apply(weightOp, [g, full], { ...params, hasBias: false }), shapes[1])
  },
}

interface WeightParams extends Sliding {
  readonly hasBias: boolean
}

interface WeightPlan extends Plan {
  readonly chunks: number
}

/** The gradients for weight and bias, from g and x: [outs, taps], and a column more for the bias. */
const weightOp: Primitive<WeightParams, WeightPlan> = {
  name: 'conv2dWeight',
  saves: 'others',
  plan: ([g, x], { groups, kernel, hasBias }) => {
    const shape = [g.shape[1], (x.shape[1] / groups) * sizeOf(kernel) + Number(hasBias)]
    const chunks = chunksOf(g.shape[0], sizeOf(shape))
    const partial = { shape: [chunks, ...shape], dtype: g.dtype }
    return { shape, dtype: g.dtype, chunks, more: chunks > 1 ? [partial] : [] }
  },
  // Sums over stretches of images are apart, so that threads can share them and give the same bits however many they are.
  forward: (k, out, [g, x], params, { shape, chunks }, [partial]) => {
    const parts = chunks > 1 ? partial.storage.array : out
    const sizes = sizesOf(params, x.shape[1], g.shape[1])
    const each = g.shape[0] / chunks
    k.conv2dWeight(chunks, each, ...sizes, shape[1], params.window, g.storage.array, x.storage.array, parts)
    if (chunks > 1) k.sum(1, chunks, sizeOf(shape), parts, out)
  },
  vjp: (h, { inputs: [g, x], params, shape }, i) => {
    const { kernel, groups, hasBias, outSize, size, window } = params
    const sliding: Sliding = { kernel, groups, outSize, size, window }
    const full = expandTo(h, shape)
    const taps = shape[1] - Number(hasBias)
    const channels = taps / sizeOf(kernel)
    const weight = reshape(slice(full, [0, shape[0]], [0, taps]), [shape[0], channels, ...kernel])
    if (i === 1) return apply(inputOp, [g, weight], sliding)
    const bias = hasBias ? [reshape(slice(full, [0, shape[0]], [taps, taps + 1]), [shape[0]])] : []
    return apply(convolutionOp, [x, weight, ...bias], sliding)
  },
}

/** A stretch is at most this many images, where that leaves as many stretches. */
const mostImages = 8
/** The elements that the stretches' sums may have together, unless there are few stretches. */
const mostElements = 2 ** 21
const fewChunks = 4

/** How many equal stretches n images are summed in, for gradients of `size` elements. */
function chunksOf(n: number, size: number): number {
  if (n <= 1) return 1
  const most = Math.max(fewChunks, Math.floor(mostElements / Math.max(1, size)))
  let each = 1
  for (let d = 2; d <= mostImages && n / d >= mostImages; d++) if (n % d === 0) each = d
  while (n % each !== 0 || n / each > most) each++
  return n / each
}

/** x [n, channels, height, width], weight [outs, channels/groups, …kernel] and, where there is one, bias [outs]. */
export const convolve = (x: Tensor, weight: Tensor, bias: Tensor | null, sliding: Sliding): Tensor =>
  apply(convolutionOp, bias === null ? [x, weight] : [x, weight, bias], sliding)
