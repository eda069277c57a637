// Named shapes for layer kernels: convolution, pooling, attention, recurrent layers, row-sparse updates.

import type { Shape } from './shapes.js'

const pairs = (...values: number[]): Int32Array => Int32Array.from(values)

/** A 3 × 3 convolution with padding 1; its gradient works on `chunks` chunks of `each` images. */
function convolution(n: number, c: number, o: number, size: number): Shape {
  const plane = { groups: 1, c, o, height: size, width: size, outHeight: size, outWidth: size }
  // window: strides, padding, dilations. columns: one per tap and channel, one for the bias, and zero padding.
  const rest = { kernelHeight: 3, kernelWidth: 3, window: pairs(1, 1, 1, 1, 1, 1), columns: 10 * c }
  return { name: `${n} of ${c}×${size}×${size} to ${o}`, parameters: { n, chunks: n / 4, each: 4, ...plane, ...rest } }
}

/** 2 × 2 pooling with stride 2. */
const pooling = (planes: number, size: number): Shape => ({
  name: `${planes.toLocaleString('en')} of ${size}×${size}`,
  parameters: {
    ...{ planes, height: size, width: size, outHeight: size / 2, outWidth: size / 2 },
    // window: kernel, strides, padding, dilations.
    window: pairs(2, 2, 2, 2, 0, 0, 1, 1),
  },
})

/** Causal self-attention with a bias per row. */
const attention = (samples: number, heads: number, n: number, width: number): Shape => ({
  name: `${samples}×${heads} heads, ${n}×${width}`,
  parameters: { samples, heads, n, m: n, width, maskRows: 1, biasRows: n, causal: true },
})

const attentions = [attention(20, 4, 64, 32), attention(4, 8, 256, 64)]
// 80 images in 20 chunks: at 0.8 and 1.2 both numbers are even too, so two threads have equal shares.
const convolutions = [convolution(80, 16, 32, 14)]
const plane = 'groups c o height width kernelHeight kernelWidth outHeight outWidth'

/** Shapes by the sizes in a signature. */
export const networkFamilies: Readonly<Record<string, readonly Shape[]>> = {
  [`n ${plane} window`]: convolutions,
  [`chunks each ${plane} columns window`]: convolutions,
  'planes height width outHeight outWidth window': [pooling(1024, 28)],
  'samples heads n m width maskRows biasRows': attentions,
  'samples heads n width maskRows biasRows': attentions,
  // Few enough steps that the arrays fit the caches at 1.2 too.
  'batch steps hidden': [{ name: '32×24, 128 units', parameters: { batch: 32, steps: 24, hidden: 128 } }],
  'n count': [{ name: '1,024 of 100,000', parameters: { n: 100_000, count: 1024 } }],
  // A table larger than the caches.
  'n inner count': [{ name: '1,024 of 1,000,000×32', parameters: { n: 1_000_000, inner: 32, count: 1024 } }],
}
