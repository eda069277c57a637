// The command line's options.

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

/** Reads the arguments. Bad ones are reported and end the process with code 1, `--help` with 0. */
export function readOptions(argv: readonly string[]): Options {
  const command = new Command('npm run recommender --')
    .description('Learns tastes in a synthetic world of users and items, and compares with the best possible AUC.')
    .option('--epochs <n>', 'passes over the pairs', count, 5)
    .option('--batch <n>', 'pairs per step', count, 512)
    .option('--lr <rate>', 'learning rate at the start; it falls to 0 by the end', positive, 1e-2)
    .option('--users <n>', 'number of users', count, 2000)
    .option('--items <n>', 'number of items', count, 1000)
    .option('--traits <n>', 'dimensions of taste', count, 4)
    .option('--pairs <n>', 'training pairs; 10% as many are held out', count, 300_000)
    .option('--width <n>', 'width of the embedding vectors', count, 16)
    .option('--hidden <n>', 'units of the hidden layer', count, 64)
  return addCommonOptions(command, 'runs/recommender').parse(argv).opts<Options>()
}
