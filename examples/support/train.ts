// Trains by epochs of compiled steps; tests and saves the model after each.

import { compile, type data, type optim, type Tensor } from 'blasgrad'
import type { Progress } from './progress.js'

/** The result of a training. */
export interface History {
  /** The loss of every step. */
  readonly losses: number[]
  /** The test's score after every epoch. */
  readonly scores: number[]
}

export interface Training<B extends readonly Tensor[]> {
  /** A step: forward, backward, update. Returns the batch's loss before the update. */
  readonly step: (...batch: B) => Tensor
  readonly loader: data.DataLoader<data.Sample, B>
  readonly optimizer: optim.Optimizer
  /** The learning rate at the start; it falls to 0 by the end. */
  readonly lr: number
  readonly epochs: number
  /** Tests the current model. */
  readonly test: () => Promise<number>
  readonly describe: (score: number) => string
  /** Saves the model after each epoch. */
  readonly save: (epoch: number, score: number) => void
  readonly progress: Progress
}

/** Trains the model in place. */
export async function train<B extends readonly Tensor[]>(training: Training<B>): Promise<History> {
  const { loader, optimizer, lr, epochs, test, describe, save, progress } = training
  const step = compile(training.step)
  const steps = epochs * loader.length
  const history: History = { losses: [], scores: [] }

  for (let epoch = 1; epoch <= epochs; epoch++) {
    progress.begin(epoch)
    const done = history.losses.length
    const { losses } = await step.epoch(loader, {
      schedule: { optimizer, lr: batch => lr * (1 - (done + batch) / steps) },
      onProgress: ({ samples, mean }) => progress.update(samples, mean),
    })
    for (const loss of losses.data) history.losses.push(loss)
    const score = await test()
    history.scores.push(score)
    save(epoch, score)
    progress.end(describe(score))
  }
  return history
}
