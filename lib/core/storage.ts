// What holds a tensor's elements, and the one place where memory for them comes from.

import { type ArrayType, arrayOf, bytesOf, type DType, type NumberArray } from '../base/dtype.js'
import { BusyError, ShapeError } from '../base/errors.js'
import { context, refuseRecording } from './context.js'

let made = 0
const nothing = new ArrayBuffer(0)

/**
 * A contiguous typed array with a version. A tensor keeps one Storage for life; `reshape` and `detach` share it. Every
 * write through the library raises `version`, so that backward can tell that a saved value has changed.
 */
export class Storage {
  version = 0
  /** How many steps on their way use the elements. */
  steps = 0
  /** Whether a user may hold a view of the elements. */
  isSeen = false
  /** Whether a backward made it and no user has seen it since (lib/core/backward-memory.ts). */
  isPrivate = false
  /** How many wait for it or keep it, of what that backward knows. */
  holders = 0
  /** Storages are numbered as they are made: a backward knows by it which were made during its walk. */
  readonly serial: number
  /** Whether it stands for elements that a recorded step will compute, and has none. */
  readonly isRecorded: boolean
  #array: NumberArray

  /** @param length how many elements it stands for: more than `array` has while a step is recorded. */
  constructor(
    array: NumberArray,
    readonly length: number = array.length,
  ) {
    this.#array = array
    this.serial = ++made
    this.isRecorded = array.length !== length
  }

  /** The elements. @throws BusyError while a step on its way uses them. */
  get array(): NumberArray {
    if (this.steps !== 0 && context.recording === null) throw busyError('data')
    return this.#array
  }

  /** The same, whatever uses them: for who is that step, or reads what no step writes. */
  get memory(): NumberArray {
    return this.#array
  }

  /** Its array, for the pool; what is left has no elements. */
  takeAway(): NumberArray {
    const array = this.#array
    this.isPrivate = false
    this.#array = new (array.constructor as ArrayType)(nothing)
    return array
  }

  /** Whether its memory can be neither detached nor resized. */
  get isFixed(): boolean {
    return this.#array.buffer instanceof SharedArrayBuffer
  }

  /** A view of the elements is given away: they stay where they are from now on. */
  see(): void {
    this.own()
    this.isSeen = true
  }

  /**
   * Moves the elements out of a slab. Whoever holds a view could see the others' elements in its buffer, and take them
   * away with it to another thread.
   */
  own(): void {
    const array = this.#array
    if (this.isSeen || array.byteLength <= inHeap || array.byteLength > largestWindow) return
    if (array.buffer.byteLength !== array.byteLength) this.#array = array.slice()
  }

  /** Moves the elements to memory that can be neither detached nor resized, where nobody has a view of them. */
  fix(): void {
    if (this.isSeen || this.isRecorded || this.isFixed) return
    const fixed = fixedArray(this.#array.constructor as ArrayType, this.length)
    fixed.set(this.array)
    this.#array = fixed
  }

  /** Takes for its memory `fixed`, which has the same elements, where nobody has a view of them or knows their place. */
  moveTo(fixed: NumberArray): void {
    if (!this.isSeen && stateOf(this.#array) === undefined) this.#array = fixed
  }

  /** Whether its elements are there: not while a step is recorded, and not after its buffer was transferred away. */
  get hasElements(): boolean {
    return this.#array.length === this.length
  }
}

/** Zeros in memory that JavaScript can neither detach nor resize. The engine's collector does not see its size. */
export function fixedArray(ArrayType: ArrayType, length: number): NumberArray {
  return claim(ArrayType, length, 'allocate', bytes => new SharedArrayBuffer(bytes))
}

/** The error for state in use. */
export const busyError = (what: string): BusyError =>
  new BusyError(`${what}: expected elements that no step on its way uses, got a step’s state: await the step or idle()`)

/** The number of the newest storage. */
export const newestStorage = (): number => made

// The JavaScript engine keeps arrays of up to 64 bytes in its own heap, where they cost a quarter of a buffer.
const inHeap = 64
// Somewhat larger ones are windows of slabs. One that is kept holds its slab.
const largestWindow = 1024
const slabBytes = 4096
const slabAlignment = 64

/**
 * Memory for `length` elements, holding anything: whoever asks writes every element by kernels. The engine collects it.
 * While a step is recorded there is none: the storage stands for a value of the program.
 * @throws ShapeError, in the name of `op`, for more elements than memory can be had for.
 */
export function allocate(dtype: DType, length: number, op = 'allocate'): Storage {
  return context.recording === null ? allocateNow(dtype, length, op) : context.recording.allocate(dtype, length, op)
}

/** Memory that is written at once, from values known now: a constant of the step while one is recorded. */
export function allocateConstant(dtype: DType, length: number): Storage {
  if (context.recording === null) return allocateNow(dtype, length, 'allocate')
  const storage = new Storage(fixedArray(arrayOf(dtype), length))
  context.recording.constant(storage)
  return storage
}

/** Who has memory to be used again, and is told what was made. */
export interface MemorySource {
  take(ArrayType: ArrayType, length: number): NumberArray | undefined
  made(storage: Storage): void
}

let source: MemorySource | null = null

/** From now on memory is asked of `next` first, or is the engine's (null). @returns whom it was asked of before. */
export function allocateFrom(next: MemorySource | null): MemorySource | null {
  const before = source
  source = next
  return before
}

function allocateNow(dtype: DType, length: number, op: string): Storage {
  const ArrayType = arrayOf(dtype)
  const bytes = length * bytesOf(dtype)
  if (bytes <= inHeap) return new Storage(new (ArrayType as unknown as new (length: number) => NumberArray)(length))
  const used = source?.take(ArrayType, length)
  const storage = new Storage(
    used ?? (bytes <= largestWindow ? nextWindow(ArrayType, length) : ownMemory(ArrayType, length, op)),
  )
  source?.made(storage)
  return storage
}

const ownMemory = (ArrayType: ArrayType, length: number, op: string): NumberArray =>
  claim(ArrayType, length, op, bytes => Buffer.allocUnsafeSlow(bytes).buffer)

let slab = new ArrayBuffer(0)
let slabUsed = 0

function nextWindow(ArrayType: ArrayType, length: number): NumberArray {
  const bytes = length * ArrayType.BYTES_PER_ELEMENT
  if (slabUsed + bytes > slab.byteLength) {
    slab = Buffer.allocUnsafeSlow(slabBytes).buffer
    slabUsed = 0
  }
  const window = new ArrayType(slab, slabUsed, length)
  slabUsed += Math.ceil(bytes / slabAlignment) * slabAlignment
  return window
}

// Arrays from this size on begin with a line of the cache, where that counts: the engine's memory is aligned to 16 bytes,
// and a kernel whose every load takes from two lines loses a quarter.
const leastAligned = 4096
const mostPadding = 56

function claim(
  ArrayType: ArrayType,
  length: number,
  op: string,
  allocate: (bytes: number) => ArrayBufferLike,
): NumberArray {
  const bytes = length * ArrayType.BYTES_PER_ELEMENT
  const paddingOf = bytes < leastAligned ? undefined : context.active.paddingOf
  try {
    if (paddingOf === undefined) return new ArrayType(allocate(bytes))
    const buffer = allocate(bytes + mostPadding)
    return new ArrayType(buffer, paddingOf(new Uint8Array(buffer, 0, 1)), length)
  } catch (error) {
    throw new ShapeError(`${op}: expected a tensor that memory can be had for, got one of ${bytes} bytes`, {
      cause: error,
    })
  }
}

const states = new WeakMap<NumberArray, Storage>()

/** Makes `storage` state: what outlives a step, and what a recorded one may read and write. */
export function markState(storage: Storage): void {
  storage.own()
  states.set(storage.memory, storage)
}

/** The storage of state that has this array. */
export const stateOf = (array: NumberArray): Storage | undefined => states.get(array)

/** Makes what a module owns state, in memory that cannot be detached unless a view of it is about. */
export function keepAsState(storage: Storage): void {
  if (context.recording !== null) return
  if (stateOf(storage.memory) === undefined) storage.fix()
  markState(storage)
}

/**
 * Elements to be read, in memory that JavaScript can neither detach nor resize: moved there, or copied as they are now if
 * somebody may have a view of them.
 */
export function fixedElements(storage: Storage): NumberArray {
  if (stateOf(storage.memory) === undefined) storage.fix()
  if (storage.isFixed) return storage.memory
  const copy = fixedArray(storage.memory.constructor as ArrayType, storage.length)
  copy.set(storage.array)
  return copy
}

/** Zero-filled memory for state, never to be detached: what an optimizer keeps, a gradient that stays. */
export function allocateState(dtype: DType, length: number): Storage {
  refuseRecording('making an optimizer or other state')
  return allocateKept(dtype, length)
}

/** The same for what a function that is being compiled leaves. */
export function allocateKept(dtype: DType, length: number): Storage {
  const storage = new Storage(fixedArray(arrayOf(dtype), length))
  markState(storage)
  return storage
}
