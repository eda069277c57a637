// Arrays that only the library saw and nobody reads any more, for the next who asks for one of their size.

import { isChecking } from '../base/checking.js'
import type { ArrayType, NumberArray } from '../base/dtype.js'

/** What is kept at least, in bytes, where a backward of less has ended. */
const least = 32 * 2 ** 20

export class Pool {
  #limit = least
  #bytes = 0
  /** By their bytes; sizes that were given back first come first. */
  readonly #arrays = new Map<number, NumberArray[]>()

  /** How many bytes it holds. */
  get bytes(): number {
    return this.#bytes
  }

  /** An array that holds anything, if there is one. */
  take(ArrayType: ArrayType, length: number): NumberArray | undefined {
    const bytes = length * ArrayType.BYTES_PER_ELEMENT
    const arrays = this.#arrays.get(bytes)
    if (arrays === undefined) return undefined
    const array = arrays.pop() as NumberArray
    if (arrays.length === 0) this.#arrays.delete(bytes)
    this.#bytes -= bytes
    return array instanceof ArrayType ? array : new ArrayType(array.buffer, array.byteOffset, length)
  }

  /** Takes an array over, which has its memory to itself. */
  give(array: NumberArray): void {
    const bytes = array.byteLength
    if (bytes === 0 || bytes > this.#limit) return
    if (isChecking) new Uint8Array(array.buffer, array.byteOffset, array.byteLength).fill(0xff)
    this.#bytes += bytes
    const arrays = this.#arrays.get(bytes)
    if (arrays === undefined) this.#arrays.set(bytes, [array])
    else arrays.push(array)
    if (this.#bytes > this.#limit) this.#shrink()
  }

  /** From now on it holds at most what a backward of `bytes` could use. */
  fitTo(bytes: number): void {
    this.#limit = Math.max(least, bytes)
    this.#shrink()
  }

  #shrink(): void {
    for (const [bytes, arrays] of this.#arrays) {
      while (this.#bytes > this.#limit && arrays.length > 0) {
        arrays.pop()
        this.#bytes -= bytes
      }
      if (arrays.length > 0) return
      this.#arrays.delete(bytes)
    }
  }
}

let held: WeakRef<Pool> | undefined

/** The pool. Between backwards nothing holds it: the engine takes it where memory is wanted. */
export function thePool(): Pool {
  let pool = held?.deref()
  if (pool === undefined) {
    pool = new Pool()
    held = new WeakRef(pool)
  }
  return pool
}
