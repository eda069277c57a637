// What the command line can say.

import { Command } from 'commander'
import { addCommonOptions, type CommonOptions, count, positive } from '../support/options.js'

export interface Options extends CommonOptions {
  readonly users: number
  readonly items: number
  readonly traits: number
  readonly pairs: number
  readonly width: number
  readonly hidden: number
}

/** Reads the arguments. Prints what is wrong and ends the process with code 1, or with 0 after `--help`. */
export function readOptions(argv: readonly string[]): Options {
  const command = new Command('npm run recommender --')
    .description(
      'Learns who likes what in a made-up world of users and items, beside how well that can be told at all.',
    )
    .option('--epochs <n>', 'how many times to go through the pairs', count, 5)
    .option('--batch <n>', 'pairs per step', count, 512)
    .option('--lr <rate>', 'learning rate at the start; it falls to 0 by the end', positive, 1e-2)
    .option('--users <n>', 'how many users there are', count, 2000)
    .option('--items <n>', 'how many items there are', count, 1000)
    .option('--traits <n>', 'in how many ways tastes differ', count, 4)
    .option('--pairs <n>', 'how many pairs to learn from; a tenth as many are held out', count, 300_000)
    .option('--width <n>', 'the width of the vectors', count, 16)
    .option('--hidden <n>', 'units of the hidden layer', count, 64)
  return addCommonOptions(command, 'runs/recommender').parse(argv).opts<Options>()
}
