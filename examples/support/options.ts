// Options that all examples share, and parsers of their values.

import { type Command, InvalidArgumentError, Option } from 'commander'

export interface CommonOptions {
  readonly epochs: number
  readonly batch: number
  readonly lr: number
  /** The native backend where it loads, by default. */
  readonly backend?: 'native' | 'reference'
  readonly seed: number
  readonly out: string
}

/** Adds `--backend`, `--seed`, `--out` and `--help` after an example's own options. */
export function addCommonOptions(command: Command, out: string): Command {
  return command
    .addOption(
      new Option('--backend <name>', 'backend (default: native where it loads)').choices(['native', 'reference']),
    )
    .option('--seed <n>', 'seed of the weights and of the samples’ order', seed, 1)
    .option('--out <folder>', 'folder for the model and the plot', out)
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
