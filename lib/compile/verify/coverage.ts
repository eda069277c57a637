// Tracks which elements of each made value have been written, call by call: a value may be filled by one call, or in parts by
// calls that write what strides reach.

import { type Effect, writesPart } from '../analysis/effects.js'
import type { Call, Value } from '../program.js'
import { signatureOf } from '../program.js'

/** Calls `visit` for each element that strides reach; `dims` are pairs of count and stride. */
function eachReached(at: number, dims: Int32Array, visit: (element: number) => void): void {
  const axis = (dim: number, from: number): void => {
    if (dim === dims.length) {
      visit(from)
      return
    }
    for (let i = 0; i < dims[dim]; i++) axis(dim + 2, from + i * dims[dim + 1])
  }
  axis(0, at)
}

export class Coverage {
  readonly #values: readonly Value[]
  /** The elements not yet written, for what is being filled in pieces. */
  readonly #gaps = new Map<number, { left: number; readonly written: Uint8Array }>()
  readonly #full: boolean[]

  constructor(values: readonly Value[]) {
    this.#values = values
    this.#full = values.map(({ origin, length }) => origin.kind !== 'made' || length === 0)
  }

  isFull(value: number): boolean {
    return this.#full[value]
  }

  /** Notes what a call writes. */
  write(call: Call, effect: Effect): void {
    const { value, needed, parameter } = effect
    const { length } = this.#values[value]
    if (this.#full[value]) return
    if (!writesPart(effect) && needed === length) {
      this.#full[value] = true
      return
    }
    const gaps = this.#gaps.get(value) ?? { left: length, written: new Uint8Array(length) }
    this.#gaps.set(value, gaps)
    const mark = (element: number): void => {
      gaps.left -= 1 - gaps.written[element]
      gaps.written[element] = 1
    }
    if (writesPart(effect)) {
      const { args } = signatureOf(call.kernel)
      const [at, dims] = parameter.length
        .slice('reach('.length, -1)
        .split(',')
        .map(name => call.args[args.findIndex(argument => argument.name === name)])
      eachReached(at as number, dims as Int32Array, mark)
    } else {
      for (let element = 0; element < needed; element++) mark(element)
    }
    if (gaps.left === 0) {
      this.#full[value] = true
      this.#gaps.delete(value)
    }
  }
}
