// Trains any network on the MNIST digits; shared by both MNIST examples.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { data, io, manualSeed, type nn, optim } from 'blasgrad'
import { type Classified, createTest, trainStep } from './classifier.js'
import { drawCurves } from './curves.js'
import { testDigits, trainingDigits } from './digits.js'
import { onInterrupt } from './interrupt.js'
import { percent } from './numbers.js'
import type { CommonOptions } from './options.js'
import { Progress } from './progress.js'
import { train } from './train.js'

export interface DigitOptions extends CommonOptions {
  /** The number of training digits to use; all by default. */
  readonly samples?: number
}

export interface Learner {
  /** A short description of the network. */
  readonly network: string
  /** The shape of the network's input image. */
  readonly shape: readonly number[]
  readonly createModel: () => nn.Layer
  /** Saved with the weights, to rebuild the network from. */
  readonly metadata: Readonly<Record<string, string>>
  /** Decimals of percentages in the plot. */
  readonly decimals: number
  /** Runs after training. */
  readonly tell?: (model: nn.Layer, training: Classified) => Promise<void>
}

/** Trains, tests and saves the model, loads it again and plots the curves. */
export async function learnDigits(
  { network, shape, createModel, metadata, decimals, tell }: Learner,
  { epochs, batch, lr, seed, out, samples }: DigitOptions,
): Promise<void> {
  mkdirSync(out, { recursive: true })
  const modelFile = join(out, 'model.safetensors')
  const curvesFile = join(out, 'curves.svg')

  const training = trainingDigits(shape, samples)
  const digits = testDigits(shape)
  manualSeed(seed)
  const model = createModel()
  const progress = new Progress(epochs, training.length, 'digits')
  onInterrupt(
    modelFile,
    () => progress.finished,
    () => progress.stop(),
  )
  console.log(`${network}, ${training.length.toLocaleString('en')} digits to train on`)

  const optimizer = new optim.Adam(model.parameters(), { lr })
  const test = createTest(model, digits)
  const { losses, scores } = await train({
    step: trainStep(model, optimizer),
    loader: new data.DataLoader(training, { batchSize: batch, shuffle: true, seed }),
    optimizer,
    lr,
    epochs,
    test,
    describe: score => `test accuracy ${percent(score)}`,
    save: (epoch, score) => {
      const about = { ...metadata, epoch: String(epoch), accuracy: String(score) }
      io.saveSafetensors(modelFile, model.stateDict(), { metadata: about })
    },
    progress,
  })
  drawCurves(curvesFile, {
    losses: { title: 'Training loss (cross-entropy)', values: losses },
    scores: {
      title: 'Test accuracy (%)',
      values: scores.map(score => 100 * score),
      range: [Math.floor(100 * Math.min(...scores) - 0.5), 100],
      decimals,
    },
  })

  const score = await test()
  const saved = createModel()
  saved.loadStateDict(io.loadSafetensors(modelFile))
  const savedScore = await createTest(saved, digits)()
  if (savedScore !== score) {
    throw new Error(`${modelFile} scores ${percent(savedScore)} when it is read back, expected ${percent(score)}`)
  }
  console.log(`test accuracy: ${percent(score)}`)
  await tell?.(model, training)
  console.log(`model: ${modelFile} (read back, it scores the same)`)
  console.log(`curves: ${curvesFile}`)
}
