// Def-use: the calls that write and read each value of a program, by their positions.

import type { Program } from '../program.js'
import { effectsOf, writes } from './effects.js'

export class DefUse {
  readonly #program: Program
  readonly #writers: readonly number[][]
  readonly #readers: readonly number[][]

  constructor(program: Program) {
    this.#program = program
    this.#writers = program.values.map(() => [])
    this.#readers = program.values.map(() => [])
    for (const [at, call] of program.calls.entries()) {
      for (const effect of effectsOf(program.values, call)) {
        const whose = writes(effect) ? this.#writers : this.#readers
        whose[effect.value].push(at)
      }
    }
  }

  /** The call that makes a value and the one that reads it, if there are no others and it is gone afterwards. */
  solePairOf(value: number): { readonly writer: number; readonly reader: number } | undefined {
    const { values, results } = this.#program
    const [writer, ...otherWriters] = this.#writers[value]
    const [reader, ...otherReaders] = this.#readers[value]
    const isInner = values[value].origin.kind === 'made' && !results.includes(value)
    const isSole = otherWriters.length === 0 && otherReaders.length === 0
    return isInner && isSole && writer !== undefined && reader !== undefined ? { writer, reader } : undefined
  }

  /** Whether no call from `from` to `to` writes a value. */
  stays(value: number, from: number, to: number): boolean {
    return this.#writers[value].every(at => at < from || at > to)
  }
}
