// The command line's options.

import { Command } from 'commander'
import type { DigitOptions } from '../support/learn-digits.js'
import { addCommonOptions, count, positive, sizes } from '../support/options.js'

export interface Options extends DigitOptions {
  /** Channels after each convolution. */
  readonly channels: readonly number[]
}

/** Reads the arguments. Bad ones are reported and end the process with code 1, `--help` with 0. */
export function readOptions(argv: readonly string[]): Options {
  const command = new Command('npm run mnist-cnn --')
    .description(
      'Trains a convolutional network on the MNIST digits, tests it, and saves it with a plot of its training curves.',
    )
    .option('--epochs <n>', 'passes over the training digits', count, 6)
    .option('--batch <n>', 'digits per step', count, 64)
    .option('--channels <sizes>', 'channels after each convolution, at most four, such as 16,32', sizes, [16, 32])
    .option('--lr <rate>', 'learning rate at the start; it falls to 0 by the end', positive, 2e-3)
    .option('--samples <n>', 'train on the first n digits only', count)
  return addCommonOptions(command, 'runs/mnist-cnn').parse(argv).opts<Options>()
}
