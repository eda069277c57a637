// Aliasing: which value's elements each block of the arena holds, step by step.

import { sizeOf } from '../analysis/effects.js'
import type { Value } from '../program.js'
import { alignment } from './assignment.js'

const nobody = -1

export class BlockOwners {
  readonly #values: readonly Value[]
  readonly #offsets: readonly number[]
  /** By block of `alignment` bytes. */
  readonly #owners: Int32Array

  constructor(values: readonly Value[], offsets: readonly number[], arenaBytes: number) {
    this.#values = values
    this.#offsets = offsets
    this.#owners = new Int32Array(Math.ceil(arenaBytes / alignment)).fill(nobody)
  }

  #blocks(id: number): Int32Array {
    const from = this.#offsets[id] / alignment
    return this.#owners.subarray(from, from + Math.ceil(sizeOf(this.#values[id]) / alignment))
  }

  isInArena(id: number): boolean {
    const { kind } = this.#values[id].origin
    return kind === 'made' || kind === 'argument'
  }

  /** Notes that the value is written: what was there is gone. */
  claim(id: number): void {
    if (this.isInArena(id)) this.#blocks(id).fill(id)
  }

  /** Notes that the value is dead. */
  leave(id: number): void {
    this.#blocks(id).fill(nobody)
  }

  /** Whether nothing else has been written where the value is, since it was. */
  isThere(id: number): boolean {
    return !this.isInArena(id) || this.#blocks(id).every(owner => owner === id)
  }

  /** Whether two different values share memory. */
  overlap(a: number, b: number): boolean {
    if (a === b || !this.isInArena(a) || !this.isInArena(b)) return false
    const [from, to] = [this.#offsets[a], this.#offsets[b]]
    return from < to + sizeOf(this.#values[b]) && to < from + sizeOf(this.#values[a])
  }
}
