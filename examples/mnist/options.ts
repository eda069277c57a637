// The command line's options.

import { Command } from 'commander'
import type { DigitOptions } from '../support/learn-digits.js'
import { addCommonOptions, count, positive, sizes } from '../support/options.js'

export interface Options extends DigitOptions {
  /** Sizes of the hidden layers. */
  readonly hidden: readonly number[]
}

/** Reads the arguments. Bad ones are reported and end the process with code 1, `--help` with 0. */
export function readOptions(argv: readonly string[]): Options {
  const command = new Command('npm start --')
    .description('Trains a network on the MNIST digits, tests it, and saves it with a plot of its training curves.')
    .option('--epochs <n>', 'passes over the training digits', count, 10)
    .option('--batch <n>', 'digits per step', count, 128)
    .option('--hidden <sizes>', 'sizes of the hidden layers, such as 256,128', sizes, [128])
    .option('--lr <rate>', 'learning rate at the start; it falls to 0 by the end', positive, 2e-3)
    .option('--samples <n>', 'train on the first n digits only', count)
  return addCommonOptions(command, 'runs/mnist').parse(argv).opts<Options>()
}
