// The named shapes of the kernels of whole layers: convolutions, pooling, attention, recurrent layers, updates of
// some rows of a table.

import type { Shape } from './shapes.js'

const pairs = (...values: number[]): Int32Array => Int32Array.from(values)

/** A convolution of 3 × 3 that keeps the size; of its gradient, `chunks` stretches of `each` images. */
function convolution(n: number, c: number, o: number, size: number): Shape {
  const plane = { groups: 1, c, o, height: size, width: size, outHeight: size, outWidth: size }
  // Strides, padding, dilations. Columns: one for each tap and channel, one for the bias, and some that stay 0.
  const rest = { kernelHeight: 3, kernelWidth: 3, window: pairs(1, 1, 1, 1, 1, 1), columns: 10 * c }
  return { name: `${n} of ${c}×${size}×${size} to ${o}`, parameters: { n, chunks: n / 4, each: 4, ...plane, ...rest } }
}

/** Windows of 2 × 2 side by side. */
const pooling = (planes: number, size: number): Shape => ({
  name: `${planes.toLocaleString('en')} of ${size}×${size}`,
  parameters: {
    ...{ planes, height: size, width: size, outHeight: size / 2, outWidth: size / 2 },
    // Kernel, strides, padding, dilations.
    window: pairs(2, 2, 2, 2, 0, 0, 1, 1),
  },
})

/** Causal attention of a sequence to itself, with a bias for each row. */
const attention = (samples: number, heads: number, n: number, width: number): Shape => ({
  name: `${samples}×${heads} heads, ${n}×${width}`,
  parameters: { samples, heads, n, m: n, width, maskRows: 1, biasRows: n, causal: true },
})

const attentions = [attention(20, 4, 64, 32), attention(4, 8, 256, 64)]
// Of 80 images, and of 20 stretches of them, a fifth less and a fifth more are even too: two threads have equal shares.
const convolutions = [convolution(80, 16, 32, 14)]
const plane = 'groups c o height width kernelHeight kernelWidth outHeight outWidth'

/** By the names of the sizes that a signature has. */
export const networkFamilies: Readonly<Record<string, readonly Shape[]>> = {
  [`n ${plane} window`]: convolutions,
  [`chunks each ${plane} columns window`]: convolutions,
  'planes height width outHeight outWidth window': [pooling(1024, 28)],
  'samples heads n m width maskRows biasRows': attentions,
  'samples heads n width maskRows biasRows': attentions,
  // As many steps as the caches hold at a fifth more too.
  'batch steps hidden': [{ name: '32×24, 128 units', parameters: { batch: 32, steps: 24, hidden: 128 } }],
  'n count': [{ name: '1,024 of 100,000', parameters: { n: 100_000, count: 1024 } }],
  // A table that no cache holds.
  'n inner count': [{ name: '1,024 of 1,000,000×32', parameters: { n: 1_000_000, inner: 32, count: 1024 } }],
}
