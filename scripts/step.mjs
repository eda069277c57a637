// Runs a program quietly and prints one line with its time.

import { spawnSync } from 'node:child_process'

export const say = text => process.stderr.write(text)

/** Runs a program. Returns its output if it failed, else undefined. */
export function step(owner, what, command, args, options) {
  const start = Date.now()
  say(`${owner}: ${what} … `)
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, ...options })
  const failed = result.error !== undefined || result.status !== 0
  say(`${failed ? 'failed' : 'done'} (${((Date.now() - start) / 1000).toFixed(1)} s)\n`)
  return failed ? (result.error?.message ?? `${result.stdout}\n${result.stderr}`.trim()) : undefined
}

/** Prints the last lines of a program's output. */
export function showEnd(output, lines = 30) {
  const text = output.split('\n').filter(line => line.trim() !== '')
  say(`${text.slice(-lines).join('\n')}\n`)
}

/** Prints the end of a program's output and ends this process with an error. */
export function fail(output) {
  showEnd(output)
  process.exit(1)
}
