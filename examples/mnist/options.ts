// What the command line can say.

import { Command, InvalidArgumentError, Option } from 'commander'

export interface Options {
  readonly epochs: number
  readonly batch: number
  /** Sizes of the hidden layers. */
  readonly hidden: readonly number[]
  readonly lr: number
  /** The fastest that loads, where none is named. */
  readonly backend?: 'native' | 'reference'
  readonly seed: number
  readonly out: string
  /** How many of the training digits to use; all of them, where no number is given. */
  readonly samples?: number
}

/** Reads the arguments. Prints what is wrong and ends the process with code 1, or with 0 after `--help`. */
export function readOptions(argv: readonly string[]): Options {
  return new Command('npm start --')
    .description('Trains a network on the MNIST digits, tests it, and saves it with a picture of how it learned.')
    .option('--epochs <n>', 'how many times to go through the training digits', count, 10)
    .option('--batch <n>', 'digits per step', count, 128)
    .option('--hidden <sizes>', 'sizes of the hidden layers, such as 256,128', sizes, [128])
    .option('--lr <rate>', 'learning rate at the start; it falls to 0 by the end', positive, 2e-3)
    .addOption(
      new Option('--backend <name>', 'what computes (default: native where it loads)').choices(['native', 'reference']),
    )
    .option('--seed <n>', 'what the weights and the order of the digits are drawn from', seed, 1)
    .option('--out <folder>', 'where the model and the picture go', 'runs/mnist')
    .option('--samples <n>', 'train on the first n digits only', count)
    .helpOption('-h, --help', 'show this')
    .parse(argv)
    .opts<Options>()
}

function wholeNumber(text: string, least: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value
  throw new InvalidArgumentError(`Expected a whole number from ${least}.`)
}

const count = (text: string): number => wholeNumber(text, 1)
const seed = (text: string): number => wholeNumber(text, 0)

function positive(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value
  throw new InvalidArgumentError('Expected a number above 0.')
}

function sizes(text: string): number[] {
  const parts = text.split(',').map(part => part.trim())
  if (parts.every(part => /^[1-9]\d*$/.test(part))) return parts.map(Number)
  throw new InvalidArgumentError('Expected whole numbers from 1, separated by commas.')
}
