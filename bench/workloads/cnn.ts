// Trains a small convolutional network with cross-entropy: two 3 × 3 convolutions, each followed by ReLU and 2 × 2 max
// pooling, and a linear layer.

import { manualSeed, nn, optim } from 'blasgrad'
import { distinctBatches, startClassification } from './training.js'
import type { Started, Workload } from './workloads.js'

const classes = 10
const lr = 1e-3

export interface Cnn {
  /** Images are size × size with one channel. */
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
  const update = new optim.Adam(model.parameters(), { lr })
  return startClassification(model, update, [batch, 1, size, size], classes)
}

export const cnnWorkload = (name: string, cnn: Cnn): Workload => ({
  name,
  batch: cnn.batch,
  task: { kind: 'cnn', size: cnn.size, channels: cnn.channels, optimizer: 'Adam', lr, batches: distinctBatches },
  start: () => start(cnn),
})
