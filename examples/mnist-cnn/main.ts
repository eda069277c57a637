// Trains a convolutional network on handwritten digits: `npm run mnist-cnn`, with `-- --help` for its options.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { data, io, manualSeed, optim } from 'blasgrad'
import { createTest, trainStep } from '../support/classifier.js'
import { drawCurves } from '../support/curves.js'
import { testDigits, trainingDigits } from '../support/digits.js'
import { onInterrupt } from '../support/interrupt.js'
import { percent } from '../support/numbers.js'
import { Progress } from '../support/progress.js'
import { run } from '../support/run.js'
import { train } from '../support/train.js'
import { createModel, side } from './model.js'
import { type Options, readOptions } from './options.js'

async function main({ epochs, batch, channels, lr, seed, out, samples }: Options): Promise<void> {
  mkdirSync(out, { recursive: true })
  const modelFile = join(out, 'model.safetensors')
  const curvesFile = join(out, 'curves.svg')

  const shape = [1, side, side]
  const training = trainingDigits(shape, samples)
  const digits = testDigits(shape)
  manualSeed(seed)
  const model = createModel(channels)
  const progress = new Progress(epochs, training.length, 'digits')
  onInterrupt(
    modelFile,
    () => progress.finished,
    () => progress.stop(),
  )
  console.log(
    `convolutions to ${channels.join(' and ')} channels, ${training.length.toLocaleString('en')} digits to train on`,
  )

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
      const metadata = { channels: channels.join(','), epoch: String(epoch), accuracy: String(score) }
      io.saveSafetensors(modelFile, model.stateDict(), { metadata })
    },
    progress,
  })
  drawCurves(curvesFile, {
    losses: { title: 'Training loss (cross-entropy)', values: losses },
    scores: {
      title: 'Test accuracy (%)',
      values: scores.map(score => 100 * score),
      range: [Math.floor(100 * Math.min(...scores) - 0.5), 100],
      decimals: 2,
    },
  })

  const score = await test()
  const saved = createModel(channels)
  saved.loadStateDict(io.loadSafetensors(modelFile))
  const savedScore = await createTest(saved, digits)()
  if (savedScore !== score) {
    throw new Error(`${modelFile} scores ${percent(savedScore)} when it is read back, expected ${percent(score)}`)
  }
  console.log(`test accuracy: ${percent(score)}`)
  console.log(`model: ${modelFile} (read back, it scores the same)`)
  console.log(`curves: ${curvesFile}`)
}

await run(main, readOptions(process.argv))
