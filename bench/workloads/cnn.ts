// Training a small convolutional network on cross-entropy: two convolutions of 3 × 3, each with ReLU and max-pooling by 2
// after it, then a linear layer. Batches of normal numbers, class ids that go round.

import { manualSeed, nn, optim, randn, type Tensor, tensor } from 'blasgrad'
import { inputsAndTargets, startTraining } from './training.js'
import type { Started, Workload } from './workloads.js'

const distinctBatches = 4
const classes = 10
const lr = 1e-3

export interface Cnn {
  /** Images are size × size, of one channel. */
  readonly size: number
  /** Channels after each convolution. */
  readonly channels: readonly [number, number]
  readonly batch: number
}

function start({ size, channels: [first, second], batch }: Cnn): Started {
  manualSeed(1)
  const pooled = Math.floor(Math.floor(size / 2) / 2)
  const model = new nn.Sequential(
    new nn.Conv2d(1, first, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(first, second, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(second * pooled * pooled, classes),
  )
  const batches = Array.from({ length: distinctBatches }, (_, start): [Tensor, Tensor] => [
    randn([batch, 1, size, size]),
    tensor(
      Int32Array.from({ length: batch }, (_, i) => (i * 7 + start) % classes),
      { dtype: 'int32' },
    ),
  ])
  const update = new optim.Adam(model.parameters(), { lr })
  return startTraining({
    model,
    update,
    batches,
    named: inputsAndTargets(batches),
    loss: (x, y) => nn.functional.crossEntropy(model.forward(x), y),
  })
}

export const cnnWorkload = (name: string, cnn: Cnn): Workload => ({
  name,
  batch: cnn.batch,
  task: { kind: 'cnn', size: cnn.size, channels: cnn.channels, optimizer: 'Adam', lr, batches: distinctBatches },
  start: () => start(cnn),
})
