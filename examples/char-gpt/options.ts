// The command line's options.

import { Command } from 'commander'
import { addCommonOptions, type CommonOptions, count, positive } from '../support/options.js'

export interface Options extends CommonOptions {
  readonly context: number
  readonly width: number
  readonly layers: number
  readonly heads: number
  readonly dropout: number
  readonly temperature: number
  readonly topK?: number
  readonly length: number
  readonly prompt: string
  /** The number of sonnets to use; all by default. */
  readonly sonnets?: number
}

/** Reads the arguments. Bad ones are reported and end the process with code 1, `--help` with 0. */
export function readOptions(argv: readonly string[]): Options {
  const command = new Command('npm run char-gpt --')
    .description('Trains a small transformer on Shakespeare’s sonnets, a character at a time, and lets it write.')
    .option('--epochs <n>', 'passes over the sonnets', count, 5)
    .option('--batch <n>', 'passages per step', count, 16)
    .option('--lr <rate>', 'learning rate at the start; it falls to 0 by the end', positive, 1e-3)
    .option('--context <n>', 'characters of context', count, 64)
    .option('--width <n>', 'width of the network', count, 128)
    .option('--layers <n>', 'transformer blocks', count, 4)
    .option('--heads <n>', 'attention heads per block', count, 4)
    .option('--dropout <p>', 'dropout probability during training', Number, 0)
    .option('--temperature <t>', 'divides the logits: below 1, likely characters become likelier', positive, 0.8)
    .option('--top-k <n>', 'choose among the n likeliest characters only', count)
    .option('--length <n>', 'characters to write', count, 400)
    .option('--prompt <text>', 'beginning of the text', 'Shall I compare thee to ')
    .option('--sonnets <n>', 'train on the first n sonnets only', count)
  return addCommonOptions(command, 'runs/char-gpt').parse(argv).opts<Options>()
}
