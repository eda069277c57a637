// Trains a network on handwritten digits and shows how well it reads others: `npm start`, `npm start -- --help`.

import { learnDigits } from '../support/learn-digits.js'
import { run } from '../support/run.js'
import { compareWays, describeWays } from './compare.js'
import { createModel } from './model.js'
import { type Options, readOptions } from './options.js'

async function main({ hidden, ...options }: Options): Promise<void> {
  await learnDigits(
    {
      network: `network ${[784, ...hidden, 10].join('-')}`,
      shape: [784],
      createModel: () => createModel(hidden),
      metadata: { hidden: hidden.join(',') },
      decimals: 1,
      tell: async (model, training) => {
        const rows = training.batch(Int32Array.from({ length: Math.min(options.batch, training.length) }, (_, i) => i))
        const timed = await compareWays(model, hidden, rows)
        if (timed === null) console.log('training speed: the native backend is missing, so there is nothing to compare')
        else console.log(['training speed, digits per second:', ...describeWays(timed, rows[0].shape[0])].join('\n'))
      },
    },
    options,
  )
}

await run(main, readOptions(process.argv))
