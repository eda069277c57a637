// What every example's command line can say, and how its values are read.

import { type Command, InvalidArgumentError, Option } from 'commander'

export interface CommonOptions {
  readonly epochs: number
  readonly batch: number
  readonly lr: number
  /** The fastest that loads, where none is named. */
  readonly backend?: 'native' | 'reference'
  readonly seed: number
  readonly out: string
}

/** `--backend`, `--seed`, `--out` and `--help`: the last of an example's options but for its own. */
export function addCommonOptions(command: Command, out: string): Command {
  return command
    .addOption(
      new Option('--backend <name>', 'what computes (default: native where it loads)').choices(['native', 'reference']),
    )
    .option('--seed <n>', 'what the weights and the order of the samples are drawn from', seed, 1)
    .option('--out <folder>', 'where the model and the picture go', out)
    .helpOption('-h, --help', 'show this')
}

function wholeNumberFrom(text: string, least: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value
  throw new InvalidArgumentError(`Expected a whole number from ${least}.`)
}

export const count = (text: string): number => wholeNumberFrom(text, 1)
export const seed = (text: string): number => wholeNumberFrom(text, 0)

export function positive(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value
  throw new InvalidArgumentError('Expected a number above 0.')
}

export function sizes(text: string): number[] {
  const parts = text.split(',').map(part => part.trim())
  if (parts.every(part => /^[1-9]\d*$/.test(part))) return parts.map(Number)
  throw new InvalidArgumentError('Expected whole numbers from 1, separated by commas.')
}
