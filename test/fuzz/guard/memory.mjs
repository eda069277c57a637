// Arrays that end, or that begin, at an inaccessible page, in memory that is used again and again.

import { writeSync } from 'node:fs'
import { createRequire } from 'node:module'

const [helper, slots, slotBytes] = process.argv.slice(2)
export const { guarded, outOfBounds } = createRequire(import.meta.url)(helper)
const memory = Array.from({ length: Number(slots) }, () => guarded(Number(slotBytes)))

/** Copies of arrays, each in a slot of its own; where there is no slot that is large enough, in ordinary memory. */
export class Guarded {
  #used = 0
  #atEnd
  #copies = new Map()

  constructor(atEnd) {
    this.#atEnd = atEnd
  }

  /** The copy of this array, the same at each call. */
  of(array) {
    const known = this.#copies.get(array)
    if (known !== undefined) return known
    const buffer = this.#used < memory.length ? memory[this.#used++] : new ArrayBuffer(0)
    const from = this.#atEnd ? buffer.byteLength - array.byteLength : 0
    const copy =
      buffer.byteLength < array.byteLength ? array.slice() : new array.constructor(buffer, from, array.length)
    copy.set(array)
    this.#copies.set(array, copy)
    return copy
  }
}

/** Says what comes next, so that it is known if it ends the process. */
export const announce = text => writeSync(2, `next: ${text}\n`)
