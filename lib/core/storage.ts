// Storage, which holds a tensor's elements, and the allocation of its memory.

import { type ArrayType, arrayOf, bytesOf, type DType, type NumberArray } from '../base/dtype.js'
import { BusyError, ShapeError } from '../base/errors.js'
import { context, refuseRecording } from './context.js'

const howToPost = Symbol('a Tensor: post tensor.data.slice(), tensor.shape and tensor.dtype, or io.encodeSafetensors')

let made = 0
const nothing = new ArrayBuffer(0)

/**
 * A contiguous typed array with a version. A tensor keeps one Storage for life; `reshape` and `detach` share it. Every
 * write through the library raises `version`, so that backward can tell that a saved value has changed.
 */
export class Storage {
  version = 0
  /** Whether the library allocated its memory, which may be larger than the elements: nobody else has seen the rest. */
  isAllocated = false
  /** How many running steps use the elements. */
  steps = 0
  /** Whether a user may hold a view of the elements. */
  isSeen = false
  /** Whether a backward made it and no user has seen it since (lib/core/backward-memory.ts). */
  isPrivate = false
  /** How many gradients and `.grad`s hold it, while that backward runs. */
  holders = 0
  /**
   * structuredClone and postMessage would make a plain object of a tensor and lose its numbers. They refuse symbols, and
   * name this one.
   */
  readonly uncloneable = howToPost
  /** Storages are numbered as they are made: a backward knows by it which were made during its walk. */
  readonly serial: number
  /** Whether it has no elements and stands for those that a recorded step will compute. */
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

  /** The elements. @throws BusyError while a running step uses them. */
  get array(): NumberArray {
    return this.arrayFor('data')
  }

  /** The same; `op` is what the error begins with. */
  arrayFor(op: string): NumberArray {
    if (this.steps !== 0 && context.recording === null) throw busyError(op)
    return this.#array
  }

  /** The same without that check: for the step itself, and for elements that no step writes. */
  get memory(): NumberArray {
    return this.#array
  }

  /** Its array, for the caching allocator. The storage is left without elements. */
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

  /** Marks that a user may hold a view of the elements: they keep their place from now on. */
  see(): void {
    if (this.isSeen) return
    this.own()
    this.isSeen = true
    if (this.isAllocated) clearAround(this.#array)
  }

  /**
   * Moves the elements out of a slab. A view's buffer would show the elements of other tensors, and a transfer of it
   * would take them away.
   */
  own(): void {
    const array = this.#array
    if (this.isSeen || array.byteLength <= inHeap || array.byteLength > largestWindow) return
    if (array.buffer.byteLength !== array.byteLength) this.#array = array.slice()
  }

  /** Moves the elements to memory that can be neither detached nor resized, unless a user has a view of them. */
  fix(): void {
    if (this.isSeen || this.isRecorded || this.isFixed) return
    const fixed = fixedArray(this.#array.constructor as ArrayType, this.length)
    fixed.set(this.array)
    this.#array = fixed
  }

  /** Uses `fixed`, which has the same elements, as its memory, unless a user has a view of it or it is state. */
  moveTo(fixed: NumberArray): void {
    if (!this.isSeen && stateOf(this.#array) === undefined) this.#array = fixed
  }

  /** Whether its elements are there: not while a step is recorded, and not after its buffer was transferred away. */
  get hasElements(): boolean {
    return this.#array.length === this.length
  }
}

/** Clears what lies around the elements in their buffer: it may be other data, which a view's buffer would show. */
function clearAround({ buffer, byteOffset, byteLength }: NumberArray): void {
  if (buffer.byteLength === byteLength) return
  new Uint8Array(buffer, 0, byteOffset).fill(0)
  new Uint8Array(buffer, byteOffset + byteLength).fill(0)
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

// The JavaScript engine keeps arrays of up to 64 bytes in its own heap, where they cost 25% of a buffer.
const inHeap = 64
// Larger ones, up to this size, are windows of slabs. A kept window keeps its slab.
const largestWindow = 1024
const slabBytes = 4096
const slabAlignment = 64

/**
 * Uninitialised memory for `length` elements, which the engine collects. The caller writes every element by kernels.
 * While a step is recorded, the storage has no elements: it stands for a value of the program.
 * @throws ShapeError, in the name of `op`, if the memory cannot be allocated.
 */
export function allocate(dtype: DType, length: number, op = 'allocate'): Storage {
  return context.recording === null ? allocateNow(dtype, length, op) : context.recording.allocate(dtype, length, op)
}

/** Memory for values that are known now and written at once. While a step is recorded it is a constant of the program. */
export function allocateConstant(dtype: DType, length: number): Storage {
  if (context.recording === null) return allocateNow(dtype, length, 'allocate')
  const storage = new Storage(fixedArray(arrayOf(dtype), length))
  context.recording.constant(storage)
  return storage
}

/** A source of memory that can be reused. It learns of each storage that is made. */
export interface MemorySource {
  take(ArrayType: ArrayType, length: number): NumberArray | undefined
  made(storage: Storage): void
}

let source: MemorySource | null = null

/** Allocates from `next` first from now on, or from the engine alone (null). @returns the source before. */
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
  storage.isAllocated = true
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

// Arrays from this size on are aligned to a cache line. The engine aligns to 16 bytes, and a kernel whose every load spans
// two lines takes 25% longer.
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

/** Makes `storage` state: it outlives a step, and a recorded step may read and write it. */
export function markState(storage: Storage): void {
  storage.own()
  states.set(storage.memory, storage)
}

/** The storage of state that has this array. */
export const stateOf = (array: NumberArray): Storage | undefined => states.get(array)

/** Makes a module's storage state, in memory that cannot be detached unless a user has a view of it. */
export function keepAsState(storage: Storage): void {
  if (context.recording !== null) return
  if (stateOf(storage.memory) === undefined) storage.fix()
  markState(storage)
}

/**
 * Elements to be read, in memory that JavaScript can neither detach nor resize. They are moved there, or copied if a user
 * may have a view of them.
 */
export function fixedElements(storage: Storage): NumberArray {
  if (stateOf(storage.memory) === undefined) storage.fix()
  if (storage.isFixed) return storage.memory
  const copy = fixedArray(storage.memory.constructor as ArrayType, storage.length)
  copy.set(storage.array)
  return copy
}

/** Zero-filled memory for state, which cannot be detached: an optimizer's moments, a gradient that is kept. */
export function allocateState(dtype: DType, length: number): Storage {
  refuseRecording('making an optimizer or other state')
  return allocateKept(dtype, length)
}

/** The same for gradients that a compiled function leaves. */
export function allocateKept(dtype: DType, length: number): Storage {
  const storage = new Storage(fixedArray(arrayOf(dtype), length))
  markState(storage)
  return storage
}
