// Memory within a backward: arrays that only the walk sees are freed at once when nothing needs them any more.

import type { ArrayType, NumberArray } from '../base/dtype.js'
import { type CachingAllocator, cachingAllocator } from './caching-allocator.js'
import { allocateFrom, type MemorySource, type Storage } from './storage.js'
import type { Tensor } from './tensor.js'

/**
 * A storage made while a node's gradients are computed is the walk's own (`isPrivate`) until a user may see it. The walk
 * counts its holders: gradients that wait for their node, and `.grad`. At the end of a node a storage without holders
 * loses its array to the caching allocator: a tensor used after that by mistake has no elements, rather than another's.
 */
export class BackwardMemory implements MemorySource {
  /** Set at the first allocation that needs it: tiny values do not. */
  #allocator: CachingAllocator | null = null
  /** Storages that may be freed at the end of the node. */
  readonly #loose: Storage[] = []
  #bytes = 0

  take(ArrayType: ArrayType, length: number): NumberArray | undefined {
    this.#bytes += length * ArrayType.BYTES_PER_ELEMENT
    this.#allocator ??= cachingAllocator()
    return this.#allocator.take(ArrayType, length)
  }

  made(storage: Storage): void {
    storage.isPrivate = true
    this.#loose.push(storage)
  }

  hold({ storage }: Tensor): void {
    storage.holders++
  }

  release({ storage }: Tensor): void {
    storage.holders--
    if (storage.isPrivate) this.#loose.push(storage)
  }

  /** The end of a node: its gradients are computed and held. */
  sweep(): void {
    if (this.#loose.length === 0) return
    for (const storage of this.#loose) {
      if (storage.isPrivate && storage.holders === 0) this.#allocator?.free(storage.takeAway())
    }
    this.#loose.length = 0
  }

  /** The end of the walk, after an error too. */
  end(): void {
    this.#allocator?.fitTo(this.#bytes)
    this.#allocator = null
    this.#bytes = 0
    if (this.#loose.length > 0) this.#loose.length = 0
  }
}

/** For the next walk that is not within another. */
let idle: BackwardMemory | null = null

/** Runs the walk `fn` with memory of its own for what it makes. */
export function withBackwardMemory(fn: (memory: BackwardMemory) => void): void {
  const memory = idle ?? new BackwardMemory()
  idle = null
  const before = allocateFrom(memory)
  try {
    fn(memory)
  } finally {
    allocateFrom(before)
    memory.end()
    idle = memory
  }
}

/** Calls a user's function within a walk. The user may keep the tensors that it is `given` and those that it makes. */
export function handedOut<R>(given: readonly Tensor[], fn: () => R): R {
  for (const { storage } of given) storage.isPrivate = false
  const before = allocateFrom(null)
  try {
    return fn()
  } finally {
    allocateFrom(before)
  }
}

/** Frees a gradient that its tensor forgets, if only the library has seen it and only `.grad` holds it. */
export function forgetGradient({ storage }: Tensor): void {
  if (storage.isPrivate && storage.holders === 1 && storage.steps === 0) cachingAllocator().free(storage.takeAway())
}
