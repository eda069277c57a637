// Training a network of linear layers with ReLU between them, on cross-entropy: batches of normal numbers, class ids that
// go round.

import { manualSeed, nn, optim, randn, type Tensor, tensor } from 'blasgrad'
import { inputsAndTargets, startTraining } from './training.js'
import type { Started, Workload } from './workloads.js'

/** Batches that a training goes through in turn. */
const distinctBatches = 4

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
  const batches = Array.from({ length: distinctBatches }, (_, start): [Tensor, Tensor] => [
    randn([batch, layers[0]]),
    tensor(
      Int32Array.from({ length: batch }, (_, i) => (i * 7 + start) % classes),
      { dtype: 'int32' },
    ),
  ])
  const update = new optim[optimizer](model.parameters(), { lr: learningRates[optimizer] })
  return startTraining({
    model,
    update,
    batches,
    named: inputsAndTargets(batches),
    loss: (x, y) => nn.functional.crossEntropy(model.forward(x), y),
  })
}

/** @param layers the layers' sizes, from the inputs to the classes. */
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
