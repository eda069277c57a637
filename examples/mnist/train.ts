// The training: epochs of steps, a test after each, the model saved after each.

import { data, io, type nn, optim } from 'blasgrad'
import type { Digits } from './dataset.js'
import { accuracy, trainStep } from './model.js'
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
  const steps = epochs * loader.length
  const history: History = { losses: [], accuracies: [] }

  for (let epoch = 1; epoch <= epochs; epoch++) {
    progress.begin(epoch)
    for await (const [x, y] of loader) {
      optimizer.lr = lr * (1 - history.losses.length / steps)
      const loss = trainStep(model, optimizer, x, y)
      history.losses.push(loss)
      progress.step(x.shape[0], loss)
    }
    const score = accuracy(model, test)
    history.accuracies.push(score)
    const metadata = { hidden: hidden.join(','), epoch: String(epoch), accuracy: String(score) }
    io.saveSafetensors(file, model.stateDict(), { metadata })
    progress.end(score)
  }
  return history
}
