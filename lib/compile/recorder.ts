// Notes what a function does instead of doing it: a backend whose kernels append to a program, over values that have no
// elements. It touches no array, no `.grad` and no generator: what a recording changes is kept here until it is adopted.

import { type Backend, copyingKernel, type KernelName, kernelNames } from '../backend/table.js'
import { arrayOf, type DType, type NumberArray } from '../base/dtype.js'
import { ArgumentError, IndexError } from '../base/errors.js'
import { Layout } from '../base/layout.js'
import { context } from '../core/context.js'
import type { Recording } from '../core/recording.js'
import { allocateKept, markState, Storage, stateOf } from '../core/storage.js'
import type { Tensor } from '../core/tensor.js'
import { Module } from '../nn/module.js'
import { elementTypeOf, elementTypeOfArray } from './element-type.js'
import { type Argument, type Call, type Origin, type Program, signatureOf, usesOf, type Value } from './program.js'

/** A constant of more elements than this is a batch that should have been an argument. */
const largestConstant = 65_536

export class Recorder implements Recording {
  readonly kernels: Backend
  /** `.grad` of tensors as the function has set it. */
  readonly grads = new Map<Tensor, Tensor | null>()
  /** Those whose gradient an optimizer's step has used. */
  readonly used = new Set<Tensor>()
  /** The storages of state and captures that calls write. */
  readonly written = new Set<Storage>()
  /** The storages of state and captures that calls use. */
  readonly uses = new Set<Storage>()
  /** The arrays of gradients that stay. */
  readonly kept = new Set<NumberArray>()
  /** State by the value's storage that became it. */
  readonly #keptAs = new Map<Storage, Storage>()
  readonly #captures: ReadonlyMap<NumberArray, Storage>
  readonly #values: Value[] = []
  readonly #calls: Call[] = []
  readonly #ids = new Map<NumberArray, number>()
  readonly #ops = new Map<number, string>()
  readonly #versions = new Map<Storage, number>()
  readonly #guards = new Map<object, () => boolean>()
  readonly #gradGuards = new Map<Tensor, () => boolean>()
  readonly #badIndex = new Map<number | undefined, (id: number, position: number) => Error>()
  #configuration = context.configuration
  /** How many blocks of random words one run draws. */
  blocks = 0
  /** What the modules were made of whose state is used. */
  structure = Module.structureOf(new Set(), [])

  constructor(captures: readonly Tensor[]) {
    // The program will know their memory: it must not move any more.
    for (const { storage } of captures) storage.see()
    this.#captures = new Map(captures.map(({ storage }) => [storage.memory, storage]))
    const kernels: Record<string, unknown> = {}
    for (const name of kernelNames) kernels[name] = (...args: unknown[]) => this.#record(name, args)
    this.kernels = kernels as unknown as Backend
  }

  allocate(dtype: DType, length: number, op: string): Storage {
    // Memory that no op asks for has that name.
    if (op !== 'allocate') this.#ops.set(this.#values.length, op)
    return this.#phantom(dtype, length, { kind: 'made' })
  }

  /** The op whose result a recorded call writes; undefined for state. */
  opOf(call: Call): string | undefined {
    const written = usesOf(call).find(({ role, value }) => role !== 'in' && this.#ops.has(value))
    return written && this.#ops.get(written.value)
  }

  /** The value of an argument slot. */
  argument(dtype: DType, length: number, slot: number): Storage {
    return this.#phantom(dtype, length, { kind: 'argument', slot })
  }

  constant(storage: Storage): void {
    if (storage.array.length > largestConstant) {
      throw new ArgumentError(
        `compile: a constant of ${storage.array.length} elements is written in the function: pass it as an argument`,
      )
    }
    this.#add(storage.array, storage.array.length, { kind: 'constant', array: storage.array })
  }

  gradOf(tensor: Tensor, before: Tensor | null): Tensor | null {
    const now = this.grads.get(tensor)
    if (now !== undefined) return now
    // Read before it was set: the program holds while it is this very tensor, or none, as it was.
    const storage = before?.storage
    // A gradient that eager code has left is state as well.
    if (storage !== undefined && stateOf(storage.memory) === undefined) {
      storage.fix()
      markState(storage)
    }
    this.#gradGuards.set(tensor, () => tensor.grad?.storage === storage)
    return before
  }

  setGrad(tensor: Tensor, value: Tensor | null): void {
    this.grads.set(tensor, value)
    this.used.delete(tensor)
  }

  useGrad(tensor: Tensor): void {
    this.used.add(tensor)
  }

  guard(subject: object, holds: () => boolean): void {
    if (!this.#guards.has(subject)) this.#guards.set(subject, holds)
  }

  onBadIndex(describe: (id: number, position: number) => Error): void {
    this.#badIndex.set(this.#calls.length - 1, describe)
  }

  /**
   * Whether everything that was read of the configuration is as it was. Where nothing changed it costs a comparison, and
   * one for each member of the modules.
   */
  holds(): boolean {
    if (!this.structure.holds()) return false
    // Stryker disable next-line ConditionalExpression: saves the look at each condition, and no result changes
    if (context.configuration === this.#configuration) return true
    if (!this.gradientsHold() || !this.modesHold()) return false
    this.#configuration = context.configuration
    return true
  }

  /** What was recorded is of no use any more: it never holds. */
  abandon(): void {
    this.undo()
    this.#configuration = -1
    this.#guards.set(this, () => false)
  }

  /** Whether the gradients that were read are as they were. */
  gradientsHold(): boolean {
    // Stryker disable next-line ConditionalExpression, BooleanLiteral: a caller that is told of a change looks again
    if (context.configuration === this.#configuration) return true
    // Stryker disable next-line ConditionalExpression: the same
    for (const holds of this.#gradGuards.values()) if (!holds()) return false
    return true
  }

  /** Whether what else was read of the configuration is as it was: modes, gradients wanted, modules. */
  modesHold(): boolean {
    for (const holds of this.#guards.values()) if (!holds()) return false
    return this.structure.holds()
  }

  /** Whether a gradient was read before it was set: a run may then leave what asks for another program. */
  get readsGradients(): boolean {
    return this.#gradGuards.size > 0
  }

  /** The error that the op of a recorded call gives for a bad id. */
  badIndexError(source: number | undefined, id: number, position: number): Error {
    return (
      this.#badIndex.get(source)?.(id, position) ??
      new IndexError(`compile: index ${id} at position ${position} is out of range`)
    )
  }

  draw(blocks: number): number {
    const at = this.blocks
    this.blocks += blocks
    return at
  }

  /** The value that `storage` is in the program. @throws ArgumentError if it is from outside and not state. */
  valueOf(storage: Storage): number {
    return this.#idOf(storage.array)
  }

  program(results: readonly number[]): Program {
    return { values: this.#values, calls: this.#calls, results }
  }

  /** Makes a value of the program state that outlives it, in memory of its own; the same state where it is so already. */
  keep(storage: Storage, dtype: DType): Storage {
    const known = this.#keptAs.get(storage)
    if (known !== undefined) return known
    const id = this.#ownValue(storage.array, this.valueOf(storage))
    const value = this.#values[id]
    const state = allocateKept(dtype, value.length)
    this.#values[id] = { ...value, origin: { kind: 'state', array: state.array } }
    this.written.add(state)
    this.uses.add(state)
    this.kept.add(state.array)
    this.#keptAs.set(storage, state)
    return state
  }

  /** Whether the storage is from outside: state, a capture, or nothing that the program knows. */
  isOutside(storage: Storage): boolean {
    const id = this.#ids.get(storage.array)
    return !this.#keptAs.has(storage) && (id === undefined || this.#values[id].origin.kind === 'state')
  }

  /** Gives state the versions it had: for a recording that failed. */
  undo(): void {
    for (const [storage, version] of this.#versions) storage.version = version
  }

  #phantom(dtype: DType, length: number, origin: Origin): Storage {
    const array = new (arrayOf(dtype))(new ArrayBuffer(0))
    this.#add(array, length, origin, elementTypeOf(dtype))
    return new Storage(array, length)
  }

  #add(array: NumberArray, length: number, origin: Origin, dtype = elementTypeOfArray(array)): number {
    const id = this.#values.length
    this.#values.push({ id, dtype, length, origin })
    this.#ids.set(array, id)
    return id
  }

  /** The value that `array` stands for, if the program may write it; for an argument or a constant, from now on a copy. */
  #ownValue(array: NumberArray, id: number): number {
    const { length, dtype, origin } = this.#values[id]
    if (origin.kind !== 'argument' && origin.kind !== 'constant') return id
    const copy = this.#values.length
    this.#values.push({ id: copy, dtype, length, origin: { kind: 'made' } })
    this.#append(copyingKernel, [1, length, Layout.full, { value: id }, { value: copy }])
    this.#ids.set(array, copy)
    return copy
  }

  /** The state or capture that has this array. */
  #outside(array: NumberArray): Storage | undefined {
    return stateOf(array) ?? this.#captures.get(array)
  }

  #idOf(array: NumberArray): number {
    const known = this.#ids.get(array)
    if (known !== undefined) return known
    const storage = this.#outside(array)
    if (storage === undefined) throw unknownTensor(array)
    this.#versions.set(storage, storage.version)
    this.uses.add(storage)
    return this.#add(array, array.length, { kind: 'state', array })
  }

  #record(kernel: KernelName, args: readonly unknown[]): number {
    const noted = signatureOf(kernel).args.map(({ role, optional }, i): Argument => {
      const argument = args[i]
      if (role === 'sizes' || role === 'outer') return (argument as Int32Array | undefined)?.slice()
      if (role !== 'in' && role !== 'out' && role !== 'inout') return argument as number | boolean
      const array = argument as NumberArray
      if (optional && array.length === 0 && !this.#ids.has(array)) return null
      const value = this.#idOf(array)
      return { value: role === 'in' ? value : this.#noteWrite(array, value) }
    })
    this.#append(kernel, noted)
    return -1
  }

  #append(kernel: KernelName, args: readonly Argument[]): void {
    this.#calls.push({ kernel, args, source: this.#calls.length })
  }

  /** The value that a call writes where it is given `array`. */
  #noteWrite(array: NumberArray, value: number): number {
    const { origin } = this.#values[value]
    if (origin.kind === 'argument')
      throw new ArgumentError(`compile: argument ${origin.slot} is written: arguments are read-only`)
    const storage = this.#outside(array)
    if (storage !== undefined) this.written.add(storage)
    return this.#ownValue(array, value)
  }
}

function unknownTensor({ length }: NumberArray): ArgumentError {
  return new ArgumentError(
    length === 0
      ? `compile: the function reads a tensor from outside that has no elements: it is empty, it was transferred elsewhere, or it stands for a value of another compiled function`
      : `compile: the function reads a tensor of ${length} elements from outside that is neither an argument nor state (a leaf that wants a gradient, a buffer, an ` +
          'optimizer’s): pass it as an argument, register it as a buffer, or name it in captures',
  )
}
