// A module's buffers: the properties that are state which is saved but not trained.

import { ArgumentError, showValue } from '../base/errors.js'
import { keepAsState } from '../core/storage.js'
import { Tensor } from '../core/tensor.js'
import type { Named } from './named.js'
import { Parameter } from './parameter.js'
import { noteHolder } from './structure.js'

/** The buffers of every module that has some. */
const all = new Set<WeakRef<Buffers>>()
const collected = new FinalizationRegistry<WeakRef<Buffers>>(reference => void all.delete(reference))

export class Buffers {
  readonly #module: object
  /** By the property's name, whether stateDict has it. */
  readonly #persistent = new Map<string, boolean>()

  constructor(module: object) {
    this.#module = module
  }

  has(name: string): boolean {
    return this.#persistent.has(name)
  }

  /** Makes what the property `name` holds, now and later, a buffer. */
  add(name: string, persistent: boolean): void {
    // Stryker disable next-line ConditionalExpression: with more references to it a module is kept more than once
    if (this.#persistent.size === 0) {
      const reference = new WeakRef(this)
      all.add(reference)
      collected.register(this, reference)
    }
    this.#persistent.set(name, persistent)
    this.keep()
  }

  addAll(others: Buffers): void {
    for (const [name, persistent] of others.#persistent) this.add(name, persistent)
  }

  /**
   * The buffers that are there, and persistent unless `hidden` ones count too.
   * @throws ArgumentError for a property that now holds what is neither a tensor nor null.
   */
  *named(hidden: boolean): Generator<Named<Tensor>> {
    for (const [name, persistent] of this.#persistent) {
      if (!hidden && !persistent) continue
      const value: unknown = Reflect.get(this.#module, name)
      if (value instanceof Tensor) {
        if (!(value instanceof Parameter)) yield [name, value]
      } else if (value !== null && value !== undefined) {
        throw new ArgumentError(
          `${this.#module.constructor.name}: expected the buffer ${name} to be a tensor or null, got ${showValue(value)}`,
        )
      }
    }
  }

  /** Makes the tensors that the properties hold state. */
  keep(): void {
    for (const [, { storage }] of this.tensors()) {
      keepAsState(storage)
      noteHolder(storage, this.#module)
    }
  }

  *tensors(): Generator<Named<Tensor>> {
    for (const name of this.#persistent.keys()) {
      const value: unknown = Reflect.get(this.#module, name)
      if (value instanceof Tensor) yield [name, value]
    }
  }

  /**
   * Puts back what `before` lists.
   * @throws ArgumentError if a property holds a value of the function that was recorded since.
   */
  check(before: readonly Named<Tensor>[]): void {
    const assigned = [...this.tensors()].find(([, { storage }]) => storage.isRecorded)
    if (assigned === undefined) return
    for (const [name, tensor] of before) Reflect.set(this.#module, name, tensor)
    throw new ArgumentError(
      `compile: the function puts another tensor in the place of the buffer ${assigned[0]} of ` +
        `${this.#module.constructor.name}: write the values into the one that is there, with assign`,
    )
  }
}

/**
 * Before a function is recorded: makes the tensors that were assigned to buffers since they were registered state, in
 * every module.
 * @returns what checks, when it is recorded, that it assigned none.
 */
export function keepBuffers(): () => void {
  const kept: [Buffers, Named<Tensor>[]][] = []
  for (const reference of all) {
    const buffers = reference.deref()
    // Stryker disable next-line ConditionalExpression: only between a collection and its finalizer
    if (buffers === undefined) continue
    buffers.keep()
    kept.push([buffers, [...buffers.tensors()]])
  }
  return () => {
    for (const [buffers, before] of kept) buffers.check(before)
  }
}
