// Handles Ctrl-C and SIGTERM during training: prints what is on disk and ends the process.

import { existsSync } from 'node:fs'
import { constants } from 'node:os'

/**
 * Ends the process with 128 + the signal's number (130 for Ctrl-C). Models are written atomically, so any moment is safe.
 * @param file the saved model.
 * @param epochs the epochs that this run has trained the saved model.
 */
export function onInterrupt(file: string, epochs: () => number, cleanUp: () => void): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      cleanUp()
      console.log(`Interrupted: ${whatIsThere(file, epochs())}.`)
      process.exit(128 + constants.signals[signal])
    })
  }
}

function whatIsThere(file: string, epochs: number): string {
  if (epochs > 0) return `${file} holds the model as it was after epoch ${epochs}`
  return existsSync(file) ? `${file} is still the model of an earlier run` : 'no model was saved yet'
}
