// Trains a small transformer on Shakespeare's sonnets and prints what it writes: `npm run char-gpt`, `-- --help`.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { ArgumentError, compile, data, io, manualSeed, optim, type Tensor } from 'blasgrad'
import { drawCurves } from '../support/curves.js'
import { onInterrupt } from '../support/interrupt.js'
import { wholeNumber } from '../support/numbers.js'
import { Progress } from '../support/progress.js'
import { run } from '../support/run.js'
import { train } from '../support/train.js'
import { CharGpt } from './model.js'
import { type Options, readOptions } from './options.js'
import { type Passages, passagesOf, sonnets, Vocabulary } from './sonnets.js'
import { createWriter } from './write.js'

/** Passages overlap, so that each character occurs at several positions. */
const overlap = 4
/** The share of the sonnets, the last ones, used for the test. */
const heldOut = 0.1

async function main(options: Options): Promise<void> {
  const { epochs, batch, lr, seed, out, context, length, prompt } = options
  mkdirSync(out, { recursive: true })
  const modelFile = join(out, 'model.safetensors')
  const curvesFile = join(out, 'curves.svg')

  const all = sonnets(options.sonnets)
  const vocabulary = new Vocabulary(sonnets().join('\n'))
  const split = Math.max(1, Math.round(all.length * (1 - heldOut)))
  if (vocabulary.encode(prompt).length === 0) {
    throw new ArgumentError(`prompt: expected characters that the sonnets have, got ${JSON.stringify(prompt)}`)
  }
  const read = (some: readonly string[]): number[] => vocabulary.encode(some.join('\n'))
  const passages = passagesOf(read(all.slice(0, split)), context, Math.max(1, Math.round(context / overlap)))
  const others = passagesOf(read(all.slice(split)), context, context)

  manualSeed(seed)
  const sizes = { ...options, vocabulary: vocabulary.size }
  const model = new CharGpt(sizes)
  const weights = model.parameters().reduce((sum, { size }) => sum + size, 0)
  console.log(`${wholeNumber(weights)} weights, ${split} sonnets to train on, ${all.length - split} to test on`)
  const progress = new Progress(epochs, passages.length, 'passages')
  onInterrupt(
    modelFile,
    () => progress.finished,
    () => progress.stop(),
  )

  const optimizer = new optim.AdamW(model.parameters(), { lr })
  const test = createTest(model, others)
  const { losses, scores } = await train({
    step: (x: Tensor, y: Tensor) => {
      optimizer.zeroGrad()
      const loss = model.loss(x, y)
      loss.backward()
      optimizer.step()
      return loss
    },
    loader: new data.DataLoader(passages, { batchSize: batch, shuffle: true, seed }),
    optimizer,
    lr,
    epochs,
    test,
    describe: score => `on the others ${score.toFixed(3)}`,
    save: (epoch, score) => {
      const metadata = { epoch: String(epoch), loss: String(score), characters: vocabulary.characters }
      io.saveSafetensors(modelFile, model.stateDict(), { metadata })
    },
    progress,
  })
  drawCurves(curvesFile, {
    losses: { title: 'Training loss (nats a character)', values: losses },
    scores: { title: 'Loss on sonnets it has not read', values: scores, decimals: 2 },
  })

  const saved = new CharGpt(sizes)
  saved.loadStateDict(io.loadSafetensors(modelFile))
  const [score, savedScore] = [await test(), await createTest(saved, others)()]
  if (savedScore !== score) {
    throw new Error(`${modelFile} has loss ${savedScore} when it is read back, expected ${score}`)
  }
  const write = createWriter(saved.eval(), vocabulary, context)
  console.log(`\n${await write(prompt, length, options)}\n`)
  console.log(`model: ${modelFile} (read back; the text is by it)`)
  console.log(`curves: ${curvesFile}`)
}

/** The model's current mean loss on passages, in nats per character. */
function createTest(model: CharGpt, passages: Passages): () => Promise<number> {
  const loss = compile((x: Tensor, y: Tensor) => model.loss(x, y))
  return async () => {
    model.eval()
    const { mean } = await loss.epoch(new data.DataLoader(passages, { batchSize: 64 }))
    model.train()
    return mean
  }
}

await run(main, readOptions(process.argv))
