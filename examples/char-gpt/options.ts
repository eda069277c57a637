// What the command line can say.

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
  /** How many of the sonnets to use; all of them, where no number is given. */
  readonly sonnets?: number
}

/** Reads the arguments. Prints what is wrong and ends the process with code 1, or with 0 after `--help`. */
export function readOptions(argv: readonly string[]): Options {
  const command = new Command('npm run char-gpt --')
    .description('Trains a small transformer on Shakespeare’s sonnets, a character at a time, and lets it write.')
    .option('--epochs <n>', 'how many times to go through the sonnets', count, 5)
    .option('--batch <n>', 'passages per step', count, 16)
    .option('--lr <rate>', 'learning rate at the start; it falls to 0 by the end', positive, 1e-3)
    .option('--context <n>', 'characters that it reads at a time', count, 64)
    .option('--width <n>', 'the width of the network', count, 128)
    .option('--layers <n>', 'how many blocks it has', count, 4)
    .option('--heads <n>', 'in how many heads each attends', count, 4)
    .option('--dropout <p>', 'with which probability activations are dropped while it is trained', Number, 0)
    .option('--temperature <t>', 'below 1 the likely is written more often than it is likely', positive, 0.8)
    .option('--top-k <n>', 'choose among the n likeliest characters only', count)
    .option('--length <n>', 'how many characters it writes', count, 400)
    .option('--prompt <text>', 'what it begins with', 'Shall I compare thee to ')
    .option('--sonnets <n>', 'train on the first n sonnets only', count)
  return addCommonOptions(command, 'runs/char-gpt').parse(argv).opts<Options>()
}
