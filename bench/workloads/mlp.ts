// Trains a multilayer perceptron with ReLU and cross-entropy.

import { manualSeed, nn, optim } from 'blasgrad'
import { distinctBatches, startClassification } from './training.js'
import type { Started, Workload } from './workloads.js'

const learningRates = { SGD: 0.1, Adam: 1e-3 }

function start(layers: readonly number[], batch: number, optimizer: keyof typeof learningRates): Started {
  manualSeed(1)
  const model = new nn.Sequential(
    ...layers.slice(1).flatMap((size, i): nn.Layer[] => {
      const linear = new nn.Linear(layers[i], size)
      return i === layers.length - 2 ? [linear] : [linear, new nn.ReLU()]
    }),
  )
  const classes = layers[layers.length - 1]
  const update = new optim[optimizer](model.parameters(), { lr: learningRates[optimizer] })
  return startClassification(model, update, [batch, layers[0]], classes)
}

/** @param layers sizes from the inputs to the classes. */
export const mlpWorkload = (
  name: string,
  layers: readonly number[],
  batch: number,
  optimizer: keyof typeof learningRates,
): Workload => ({
  name,
  batch,
  task: { kind: 'mlp', layers, optimizer, lr: learningRates[optimizer], batches: distinctBatches },
  start: () => start(layers, batch, optimizer),
})
