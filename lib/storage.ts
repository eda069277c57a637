// What holds a tensor's elements, and the one place where memory for them comes from.

import { context } from './context.js'
import { arrayOf, bytesOf, type DType, type NumberArray } from './dtype.js'
import { ShapeError } from './errors.js'

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
  /** Whether it stands for elements that a recorded step will compute, and has none. */
  readonly isRecorded: boolean

  /** @param length how many elements it stands for: more than `array` has while a step is recorded. */
  constructor(
    array: NumberArray,
    readonly length: number = array.length,
  ) {
    this.array = array
    this.serial = ++made
    this.isRecorded = array.length !== length
  }

  /** Whether its elements are there: not while a step is recorded, and not after its buffer was transferred away. */
  get hasElements(): boolean {
    return this.array.length === this.length
  }
}

/** The number of the newest storage. */
export const newestStorage = (): number => made

// The JavaScript engine keeps arrays of up to 64 bytes in its own heap, where they cost a quarter of a buffer.
const inHeap = 64

/**
 * Memory for `length` elements, holding anything: whoever asks writes every element by kernels. The engine collects it.
 * While a step is recorded there is none: the storage stands for a value of the program.
 * @throws ShapeError, in the name of `op`, for more elements than memory can be had for.
 */
export function allocate(dtype: DType, length: number, op = 'allocate'): Storage {
  return context.recording === null ? allocateNow(dtype, length, op) : context.recording.allocate(dtype, length)
}

/** Memory that is written at once, from values known now: a constant of the step while one is recorded. */
export function allocateConstant(dtype: DType, length: number): Storage {
  const storage = allocateNow(dtype, length, 'allocate')
  context.recording?.constant(storage)
  return storage
}

function allocateNow(dtype: DType, length: number, op: string): Storage {
  const ArrayType = arrayOf(dtype)
  const bytes = length * bytesOf(dtype)
  if (bytes <= inHeap) return new Storage(new (ArrayType as unknown as new (length: number) => NumberArray)(length))
  return new Storage(new ArrayType(bufferOf(bytes, op)))
}

function bufferOf(bytes: number, op: string): ArrayBufferLike {
  try {
    return Buffer.allocUnsafeSlow(bytes).buffer
  } catch (error) {
    throw new ShapeError(`${op}: expected a tensor that memory can be had for, got one of ${bytes} bytes`, {
      cause: error,
    })
  }
}

const states = new WeakMap<NumberArray, Storage>()

/** Makes `storage` state: what outlives a step, and what a recorded one may read and write. */
export function markState(storage: Storage): void {
  states.set(storage.array, storage)
}

/** The storage of state that has this array. */
export const stateOf = (array: NumberArray): Storage | undefined => states.get(array)

/** Zero-filled memory for state: what an optimizer keeps, a gradient that stays. */
export function allocateState(dtype: DType, length: number): Storage {
  const ArrayType = arrayOf(dtype) as unknown as new (length: number) => NumberArray
  const storage = new Storage(new ArrayType(length))
  markState(storage)
  return storage
}
