// Ctrl-C (or a polite kill) during the training: says what is on disk and ends the process.

import { existsSync } from 'node:fs'
import { constants } from 'node:os'

/**
 * Ends the process with 128 + the signal's number (130 for Ctrl-C). Models are written whole or not at all, so that any
 * moment will do.
 * @param file where models are saved.
 * @param epochs how many epochs the model there has been trained for by this run.
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
