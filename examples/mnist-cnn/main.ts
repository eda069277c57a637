// Trains a convolutional network on handwritten digits: `npm run mnist-cnn`, with `-- --help` for its options.

import { learnDigits } from '../support/learn-digits.js'
import { run } from '../support/run.js'
import { createModel, side } from './model.js'
import { type Options, readOptions } from './options.js'

async function main({ channels, ...options }: Options): Promise<void> {
  const learner = {
    network: `convolutions to ${channels.join(' and ')} channels`,
    shape: [1, side, side],
    createModel: () => createModel(channels),
    metadata: { channels: channels.join(',') },
    decimals: 2,
  }
  await learnDigits(learner, options)
}

await run(main, readOptions(process.argv))
