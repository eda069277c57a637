// What holds a tensor's elements, and the one place where memory for them comes from.

import { arrayOf, bytesOf, type DType, type NumberArray } from './dtype.js'

let made = 0

/**
 * A contiguous typed array with a version. A tensor keeps one Storage for life; `reshape` and `detach` share it. Every
 * write through the library raises `version`, so that backward can tell that a saved value has changed.
 */
export class Storage {
  readonly array: NumberArray
  version = 0
  /** Storages are numbered as they are made: a backward knows by it which were made during its walk. */
  readonly serial: number

  constructor(array: NumberArray) {
    this.array = array
    this.serial = ++made
  }
}

/** The number of the newest storage. */
export const newestStorage = (): number => made

// The JavaScript engine keeps arrays of up to 64 bytes in its own heap, where they cost a quarter of a buffer.
const inHeap = 64

/** Memory for `length` elements, holding anything: whoever asks writes every element. The engine collects it. */
export function allocate(dtype: DType, length: number): Storage {
  const ArrayType = arrayOf(dtype)
  const bytes = length * bytesOf(dtype)
  if (bytes <= inHeap) return new Storage(new (ArrayType as unknown as new (length: number) => NumberArray)(length))
  return new Storage(new ArrayType(Buffer.allocUnsafeSlow(bytes).buffer))
}

/** Zero-filled memory, for what adds up over time: optimizer state. */
export function allocateZeros(dtype: DType, length: number): Storage {
  return new Storage(new (arrayOf(dtype) as unknown as new (length: number) => NumberArray)(length))
}
