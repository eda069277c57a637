// Module: the base of layers and models. It finds parameters and modules in its properties.

import { copyProperties } from '../base/containers.js'
import { markCopy } from '../base/copies.js'
import { ArgumentError, showValue } from '../base/errors.js'
import { checkOptions, flag, type Schema } from '../base/options.js'
import { context } from '../core/context.js'
import {
  checkStateDict,
  compareState,
  copyState,
  type LoadOptions,
  type LoadResult,
  loadOptions,
  problemsOf,
  type StateDict,
  throwProblems,
} from '../core/state-dict.js'
import type { Storage } from '../core/storage.js'
import { Tensor } from '../core/tensor.js'
import { Buffers } from './buffers.js'
import { type Begun, type Copy, makeCopy } from './copier.js'
import { members } from './members.js'
import { guarded, join, type Named, unique } from './named.js'
import { Parameter } from './parameter.js'
import { hasPrivateFields } from './private-fields.js'
import { describe } from './repr.js'
import { noteHolder, Structure } from './structure.js'

export interface BufferOptions {
  /** Whether stateDict has it; true by default. */
  readonly persistent?: boolean
}

const bufferOptions: Schema<BufferOptions> = { persistent: flag }

/**
 * The base of layers and models: a subclass sets parameters (`Parameter`) and modules as properties, also in arrays,
 * Maps and plain objects, and computes in `forward`. Names are paths of properties joined by dots (`layers.0.weight`),
 * a module's own parameters first, then its modules, in the order in which the properties were made.
 */
export abstract class Module {
  #training = true
  readonly #buffers = new Buffers(this)

  constructor() {
    // A recorded step may have read the structure of a module that this one becomes part of.
    context.configuration++
  }

  /** Computes the result. Users call it directly: `model.forward(x)`. */
  abstract forward(...inputs: never[]): unknown

  /** Training mode, as opposed to evaluation; `train()` and `eval()` set it here and below. */
  get training(): boolean {
    const now = this.#training
    context.recording?.guard(this, () => this.#training === now)
    return now
  }

  set training(mode: boolean) {
    if (typeof mode !== 'boolean') throw new ArgumentError(`training: expected true or false, got ${showValue(mode)}`)
    if (mode !== this.#training) context.configuration++
    this.#training = mode
  }

  /** Sets training mode here and in every module below. */
  train(mode = true): this {
    for (const module of this.modules()) module.training = mode
    return this
  }

  /** Leaves training mode, here and in every module below. */
  eval(): this {
    return this.train(false)
  }

  /** Each parameter once, frozen ones included. */
  parameters(): Parameter[] {
    return this.namedParameters().map(([, parameter]) => parameter)
  }

  /** Each parameter once, under its first name. */
  namedParameters(): Named<Parameter>[] {
    return guarded(() => unique(this.#everywhere(module => module.#ownParameters())))
  }

  /** Each buffer once. */
  buffers(): Tensor[] {
    return this.namedBuffers().map(([, buffer]) => buffer)
  }

  /** Each buffer once, under its first name. */
  namedBuffers(): Named<Tensor>[] {
    return guarded(() => unique(this.#everywhere(module => module.#buffers.named(true))))
  }

  /** This module and each one below it, once. */
  modules(): Module[] {
    return this.namedModules().map(([, module]) => module)
  }

  /** This module, under the empty name, and each one below it once, under its first name. */
  namedModules(): Named<Module>[] {
    return guarded(() => unique(this.#walk('', [])))
  }

  /** The modules directly below, each once. */
  children(): Module[] {
    return this.namedChildren().map(([, module]) => module)
  }

  /** The modules directly below, each once, under its first name. */
  namedChildren(): Named<Module>[] {
    return guarded(() => unique(this.#ownModules()))
  }

  /**
   * Makes `tensor` the property `name`, as state that is saved with the parameters but not trained (a running mean);
   * one that is not `persistent` is left out of stateDict. A tensor assigned to the property later is the buffer then.
   * @returns the tensor, so that a property can be declared by it: `mean = this.registerBuffer('mean', zeros([8]))`.
   */
  registerBuffer<T extends Tensor>(name: string, tensor: T, options: BufferOptions = {}): T {
    const { persistent = true } = checkOptions('registerBuffer', options, bufferOptions)
    if (typeof name !== 'string' || name === '' || name.includes('.')) {
      throw new ArgumentError(`registerBuffer: expected a name without dots, got ${showValue(name)}`)
    }
    if (!(tensor instanceof Tensor) || tensor instanceof Parameter) {
      throw new ArgumentError(`registerBuffer: expected a Tensor that is no Parameter, got ${showValue(tensor)}`)
    }
    if (!this.#buffers.has(name) && Reflect.get(this, name) !== undefined) {
      throw new ArgumentError(`registerBuffer: expected a name that is free, got ${showValue(name)}, which is in use`)
    }
    Reflect.set(this, name, tensor)
    this.#buffers.add(name, persistent)
    return tensor
  }

  /** Parameters and persistent buffers by name, tied ones under each name; detached, sharing the elements. */
  stateDict(): Record<string, Tensor> {
    const state = this.#everywhere(module => [...module.#ownParameters(), ...module.#buffers.named(false)])
    return Object.fromEntries([...state].map(([name, tensor]) => [name, tensor.detach()]))
  }

  /**
   * Copies `state` over the parameters and buffers, in place and converted to their dtypes.
   * @throws ArgumentError that lists every missing key, unexpected key (unless `strict` is false) and wrong shape;
   * nothing was copied then.
   */
  loadStateDict(state: StateDict, options: LoadOptions = {}): LoadResult {
    const { strict = true } = checkOptions('loadStateDict', options, loadOptions)
    checkStateDict(state)
    const targets = this.stateDict()
    const comparison = compareState(targets, state)
    throwProblems(this.constructor.name, problemsOf(comparison, strict))
    copyState(targets, state)
    return { missingKeys: comparison.missingKeys, unexpectedKeys: comparison.unexpectedKeys }
  }

  /** Forgets the gradient of every parameter. */
  zeroGrad(): void {
    for (const parameter of this.parameters()) parameter.zeroGrad()
  }

  /** Freezes (`false`) or thaws every parameter; PyTorch's `requires_grad_`. */
  requiresGrad(flag = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad = flag
    return this
  }

  /** Calls `fn` with each module below and with this one, children first. */
  apply(fn: (module: Module) => void): this {
    if (typeof fn !== 'function') throw new ArgumentError(`apply: expected a function, got ${showValue(fn)}`)
    for (const child of this.children()) child.apply(fn)
    fn(this)
    return this
  }

  /**
   * A copy that shares nothing that training changes: parameters, buffers and other tensors in memory of their own, what
   * was tied tied within the copy; modes and `requiresGrad` as here, no gradients. To answer with it while this one is
   * trained; `copy.loadStateDict(model.stateDict())` brings it up to date.
   *
   * Properties are copied: tensors, modules, arrays, Maps, Sets, plain objects and typed arrays, however deep. Functions
   * and objects of other classes are shared: a function that means `this` still means the original. #private fields of
   * a class are copied by its `bareCopy`.
   * @throws ArgumentError for a class that has #private fields and no `bareCopy` of its own, and in a function that is
   * compiled; BusyError while a running compiled step uses the tensors.
   */
  clone(): this {
    this.modules()
    return makeCopy((value, copy) => (value instanceof Module ? value.#beginCopy(copy) : undefined))(this)
  }

  /**
   * A new module of this class for `clone`, which then copies the properties; constructors of subclasses are not run. A
   * subclass with #private fields makes its own, by the constructor that sets them:
   * `return Reflect.construct(Scaled, [copy(this.#scale)], this.constructor) as this`.
   * @param copy copies what the fields hold.
   */
  protected bareCopy(_copy: Copy): this {
    return Reflect.construct(Module, [], this.constructor) as this
  }

  #beginCopy(copy: Copy): Begun {
    const { prototype } = Module
    for (let of: object = Object.getPrototypeOf(this); of !== prototype; of = Object.getPrototypeOf(of)) {
      if (Object.hasOwn(of, 'bareCopy') || !hasPrivateFields(of.constructor)) continue
      throw new ArgumentError(
        `clone: expected ${of.constructor.name}, which has #private fields, to define bareCopy, which copies them, got none`,
      )
    }
    const made = this.bareCopy(copy)
    if (!(made instanceof Module) || made === this || Object.getPrototypeOf(made) !== Object.getPrototypeOf(this)) {
      throw new ArgumentError(`clone: expected bareCopy to give a new ${this.constructor.name}, got ${showValue(made)}`)
    }
    made.#training = this.#training
    const fill = (): void => {
      copyProperties(this, made, copy)
      made.#buffers.addAll(this.#buffers)
    }
    return { made, fill }
  }

  /** What `toString` shows between the brackets: the settings. */
  extraRepr(): string {
    return ''
  }

  /** The module and those below it, as PyTorch prints them. */
  toString(): string {
    return describe(this.constructor.name, this.extraRepr(), [...this.#ownModules()])
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }

  /** Where parameters and modules are looked for: by default the properties. */
  protected ownEntries(): Iterable<readonly [unknown, unknown]> {
    return Object.entries(this)
  }

  #ownParameters(): Generator<Named<Parameter>> {
    return members(this.ownEntries(), value => value instanceof Parameter)
  }

  #ownModules(): Generator<Named<Module>> {
    return members(this.ownEntries(), value => value instanceof Module)
  }

  /** This module and those below, under each of their names. */
  *#walk(name: string, above: readonly Module[]): Generator<Named<Module>> {
    if (above.includes(this)) {
      throw new ArgumentError(
        `${this.constructor.name}: expected a tree of modules, got one that contains itself: ${name}`,
      )
    }
    yield [name, this]
    for (const [key, child] of this.#ownModules()) {
      noteHolder(child, this)
      yield* child.#walk(join(name, key), [...above, this])
    }
  }

  /** What `own` gives for this module and each one below, under full names. */
  *#everywhere<T extends Tensor>(own: (module: Module) => Iterable<Named<T>>): Generator<Named<T>> {
    for (const [prefix, module] of this.#walk('', [])) {
      for (const [key, value] of own(module)) {
        noteHolder(value.storage, module)
        yield [join(prefix, key), value]
      }
    }
  }

  /** What the modules that hold these storages are made of now. @internal Library code only. */
  static structureOf(storages: ReadonlySet<Storage>, before: readonly object[]): Structure {
    const entries = (value: unknown) => (value instanceof Module ? value.ownEntries() : undefined)
    return new Structure({ storages, entries }, before)
  }
}

markCopy(Module.prototype)
