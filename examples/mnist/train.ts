// The training: epochs of compiled steps, a test after each, the model saved after each.

import { compile, data, io, type nn, optim } from 'blasgrad'
import type { Digits } from './dataset.js'
import { createTest, trainStep } from './model.js'
import type { Options } from './options.js'
import type { Progress } from './progress.js'

/** How the training went. */
export interface History {
  /** The loss of every step. */
  readonly losses: number[]
  /** The test accuracy after every epoch, from 0 to 1. */
  readonly accuracies: number[]
}

/** Trains the model in place; `file` holds it as it is after the last whole epoch. */
export async function train(
  model: nn.Layer,
  training: Digits,
  test: Digits,
  options: Options,
  file: string,
  progress: Progress,
): Promise<History> {
  const { epochs, batch, seed, lr, hidden } = options
  const loader = new data.DataLoader(training, { batchSize: batch, shuffle: true, seed })
  const optimizer = new optim.Adam(model.parameters(), { lr })
  const step = compile(trainStep(model, optimizer))
  const accuracy = createTest(model, test)
  const steps = epochs * loader.length
  const history: History = { losses: [], accuracies: [] }

  for (let epoch = 1; epoch <= epochs; epoch++) {
    progress.begin(epoch)
    const done = history.losses.length
    const { losses } = await step.epoch(loader, {
      schedule: { optimizer, lr: batch => lr * (1 - (done + batch) / steps) },
      onProgress: ({ samples, mean }) => progress.update(samples, mean),
    })
    for (const loss of losses.data) history.losses.push(loss)
    const score = await accuracy()
    history.accuracies.push(score)
    const metadata = { hidden: hidden.join(','), epoch: String(epoch), accuracy: String(score) }
    io.saveSafetensors(file, model.stateDict(), { metadata })
    progress.end(score)
  }
  return history
}
