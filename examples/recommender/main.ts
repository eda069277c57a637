// Learns tastes from pairs of users and items and prints the AUC: `npm run recommender`, `-- --help`.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { compile, data, io, manualSeed, nn, optim, type Tensor } from 'blasgrad'
import { drawCurves } from '../support/curves.js'
import { onInterrupt } from '../support/interrupt.js'
import { wholeNumber } from '../support/numbers.js'
import { Progress } from '../support/progress.js'
import { run } from '../support/run.js'
import { train } from '../support/train.js'
import { areaUnderCurve } from './auc.js'
import { Recommender } from './model.js'
import { type Options, readOptions } from './options.js'
import { datasetOf, type Pairs, World } from './taste.js'

async function main(options: Options): Promise<void> {
  const { epochs, batch, lr, seed, out, users, items, traits, pairs } = options
  mkdirSync(out, { recursive: true })
  const modelFile = join(out, 'model.safetensors')
  const curvesFile = join(out, 'curves.svg')

  const world = new World(users, items, traits, seed)
  const shown = world.draw(pairs)
  const heldOut = world.draw(Math.max(2, Math.round(pairs / 10)))
  const best = areaUnderCurve(heldOut.truth, heldOut.liked.data)
  console.log(`${wholeNumber(users)} users, ${wholeNumber(items)} items, ${wholeNumber(pairs)} pairs to learn from`)

  manualSeed(seed)
  const model = new Recommender(options)
  const progress = new Progress(epochs, pairs, 'pairs')
  onInterrupt(
    modelFile,
    () => progress.finished,
    () => progress.stop(),
  )
  const optimizer = new optim.Adam(model.parameters(), { lr })
  const test = createTest(model, heldOut)
  const { losses, scores } = await train({
    step: (user: Tensor, item: Tensor, liked: Tensor) => {
      optimizer.zeroGrad()
      const loss = nn.functional.binaryCrossEntropyWithLogits(model.forward(user, item), liked)
      loss.backward()
      optimizer.step()
      return loss
    },
    loader: new data.DataLoader(datasetOf(shown), { batchSize: batch, shuffle: true, seed }),
    optimizer,
    lr,
    epochs,
    test,
    describe: score => `AUC on others ${score.toFixed(4)}`,
    save: (epoch, score) => {
      const metadata = { epoch: String(epoch), auc: String(score) }
      io.saveSafetensors(modelFile, model.stateDict(), { metadata })
    },
    progress,
  })
  drawCurves(curvesFile, {
    losses: { title: 'Training loss (nats)', values: losses },
    scores: { title: 'AUC on pairs held out', values: scores, decimals: 3 },
  })

  const saved = new Recommender(options)
  saved.loadStateDict(io.loadSafetensors(modelFile))
  const [score, savedScore] = [await test(), await createTest(saved, heldOut)()]
  if (savedScore !== score)
    throw new Error(`${modelFile} has AUC ${savedScore} when it is read back, expected ${score}`)
  console.log(`AUC on held-out pairs: ${score.toFixed(4)}; the true tastes would reach ${best.toFixed(4)}`)
  console.log(`model: ${modelFile} (read back, it scores the same)`)
  console.log(`curves: ${curvesFile}`)
}

/** The model's current AUC on pairs. */
function createTest(model: Recommender, { users, items, liked }: Pairs): () => Promise<number> {
  const predict = compile((user: Tensor, item: Tensor) => model.forward(user, item))
  return async () => {
    const scores: number[] = []
    for await (const [user, item] of new data.DataLoader(new data.TensorDataset(users, items), { batchSize: 4096 })) {
      scores.push(...(await predict(user, item)).data)
    }
    return areaUnderCurve(scores, liked.data)
  }
}

await run(main, readOptions(process.argv))
