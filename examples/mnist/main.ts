// Trains a network on handwritten digits and shows how well it reads others: `npm start`, `npm start -- --help`.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { BlasgradError, backendInfo, io, manualSeed, setBackend } from 'blasgrad'
import { compareWays, describeWays } from './compare.js'
import { drawCurves } from './curves.js'
import { testDigits, trainingDigits } from './dataset.js'
import { onInterrupt } from './interrupt.js'
import { createModel, createTest } from './model.js'
import { type Options, readOptions } from './options.js'
import { Progress, percent } from './progress.js'
import { train } from './train.js'

async function main(options: Options): Promise<void> {
  if (options.backend) setBackend(options.backend)
  console.log(describeBackend())
  mkdirSync(options.out, { recursive: true })
  const modelFile = join(options.out, 'model.safetensors')
  const curvesFile = join(options.out, 'curves.svg')

  const training = trainingDigits(options.samples)
  const test = testDigits()
  manualSeed(options.seed)
  const model = createModel(options.hidden)
  const progress = new Progress(options.epochs, training.length)
  onInterrupt(
    modelFile,
    () => progress.finished,
    () => progress.stop(),
  )
  console.log(
    `network ${[784, ...options.hidden, 10].join('-')}, ${training.length.toLocaleString('en')} digits to train on`,
  )

  const history = await train(model, training, test, options, modelFile, progress)
  drawCurves(curvesFile, history)

  const score = await createTest(model, test)()
  const saved = createModel(options.hidden)
  saved.loadStateDict(io.loadSafetensors(modelFile))
  const savedScore = await createTest(saved, test)()
  if (savedScore !== score) {
    throw new Error(`${modelFile} scores ${percent(savedScore)} when it is read back, expected ${percent(score)}`)
  }
  console.log(`test accuracy: ${percent(score)}`)

  const batch = training.batch(Int32Array.from({ length: Math.min(options.batch, training.length) }, (_, i) => i))
  const timed = await compareWays(model, options.hidden, batch)
  if (timed === null) console.log('training speed: the native backend is missing, so there is nothing to compare')
  else console.log(['training speed, digits per second:', ...describeWays(timed, batch[0].shape[0])].join('\n'))
  console.log(`model: ${modelFile} (read back, it scores the same)`)
  console.log(`curves: ${curvesFile}`)
}

function describeBackend(): string {
  const { backend, native, reason } = backendInfo()
  if (backend === 'native' && native !== null) {
    const threads = native.threads === 1 ? '1 thread' : `${native.threads} threads`
    const [blas, version] = native.blas.split(' ')
    return `backend: native, ${blas} ${version} for ${native.core}, SIMD ${native.simd}, ${threads}`
  }
  return `backend: reference, pure TypeScript, 1 thread${reason === null ? '' : ' (the native one did not load)'}`
}

try {
  await main(readOptions(process.argv))
} catch (error) {
  const expected = error instanceof BlasgradError || (error instanceof Error && 'syscall' in error)
  console.error(expected ? `error: ${error.message}` : error)
  process.exitCode = 1
}
