// A caching allocator: keeps freed arrays that only the library saw, and reuses them for results of the same size.

import { isChecking } from '../base/checking.js'
import type { ArrayType, NumberArray } from '../base/dtype.js'

/** The smallest limit, in bytes; a backward of more raises it. */
const least = 32 * 2 ** 20

export class CachingAllocator {
  #limit = least
  #bytes = 0
  /** Freed arrays by size in bytes, in the order in which a size was first freed. */
  readonly #arrays = new Map<number, NumberArray[]>()

  /** The bytes it holds. */
  get bytes(): number {
    return this.#bytes
  }

  /** A freed array with any contents, if there is one of this size. */
  take(ArrayType: ArrayType, length: number): NumberArray | undefined {
    const bytes = length * ArrayType.BYTES_PER_ELEMENT
    const arrays = this.#arrays.get(bytes)
    if (arrays === undefined) return undefined
    const array = arrays.pop() as NumberArray
    if (arrays.length === 0) this.#arrays.delete(bytes)
    this.#bytes -= bytes
    return array instanceof ArrayType ? array : new ArrayType(array.buffer, array.byteOffset, length)
  }

  /** Frees an array. Nothing else may use its memory. */
  free(array: NumberArray): void {
    const bytes = array.byteLength
    if (bytes === 0 || bytes > this.#limit) return
    if (isChecking) new Uint8Array(array.buffer, array.byteOffset, array.byteLength).fill(0xff)
    this.#bytes += bytes
    const arrays = this.#arrays.get(bytes)
    if (arrays === undefined) this.#arrays.set(bytes, [array])
    else arrays.push(array)
    if (this.#bytes > this.#limit) this.#shrink()
  }

  /** Limits what it holds to what a backward of `bytes` could use. */
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

let held: WeakRef<CachingAllocator> | undefined

/** The one allocator. Between backwards nothing holds it, so that the engine can collect it. */
export function cachingAllocator(): CachingAllocator {
  let allocator = held?.deref()
  if (allocator === undefined) {
    allocator = new CachingAllocator()
    held = new WeakRef(allocator)
  }
  return allocator
}
