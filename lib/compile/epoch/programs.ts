// The programs of one epoch, and the state that is busy until it is over.

import { isChecking } from '../../base/checking.js'
import { ArgumentError, showShape } from '../../base/errors.js'
import { context } from '../../core/context.js'
import type { Storage } from '../../core/storage.js'
import type { Compiled } from '../compiled.js'
import { flatten, type Leaf, type Statics, type Tree } from '../tree.js'

/** A compiled function. */
export interface Source {
  /** The program for some arguments as things are now. */
  readonly find: (args: readonly unknown[]) => Compiled
  readonly statics: Statics
}

export class Programs {
  readonly #source: Source
  readonly #targets: readonly (readonly Storage[])[]
  readonly #known = new Map<string, Compiled>()
  readonly #held = new Set<Storage>()
  readonly #gradMode = context.gradMode
  readonly #active = context.active
  #first: Compiled | undefined

  /** @param targets what a schedule writes, by optimizer. */
  constructor(source: Source, targets: readonly (readonly Storage[])[]) {
    this.#source = source
    this.#targets = targets
    this.#hold(targets.flat())
  }

  /**
   * The program for these arguments: in the modes of the call, for the gradients that are there now.
   * @throws ArgumentError if its results are no scalars or unlike those of other batches; if it has to be recorded after
   * the modes have changed.
   */
  get(args: readonly unknown[]): Compiled {
    const { key } = this.#tree(args)
    const known = this.#known.get(key)
    if (known?.recorder.gradientsHold() && !isChecking) return known
    if (this.#first !== undefined && !this.#first.recorder.modesHold()) {
      throw new ArgumentError(
        'epoch: expected training mode, requiresGrad and modules as they were at the call, since other shapes or ' +
          'gradients need another program now: got them changed',
      )
    }
    const compiled = this.#findAsCalled(args)
    this.#check(compiled)
    this.#first ??= compiled
    this.#hold(compiled.uses)
    this.#known.set(key, compiled)
    return compiled
  }

  /** What a program takes of these arguments. */
  leavesOf(args: readonly unknown[]): readonly Leaf[] {
    return this.#tree(args).leaves
  }

  /** Nothing is busy any more. */
  release(): void {
    for (const storage of this.#held) storage.steps--
    this.#held.clear()
  }

  #tree(args: readonly unknown[]): Tree {
    return flatten('epoch', args, this.#source.statics)
  }

  #findAsCalled(args: readonly unknown[]): Compiled {
    const { gradMode, active } = context
    context.gradMode = this.#gradMode
    context.active = this.#active
    try {
      return this.#source.find(args)
    } finally {
      context.gradMode = gradMode
      context.active = active
    }
  }

  #check({ results, resultKey, uses }: Compiled): void {
    const large = results.find(({ shape }) => shape.length > 0)
    if (large !== undefined) {
      throw new ArgumentError(
        `epoch: expected a function whose results are scalars, one value for each batch, got one of shape ` +
          `${showShape(large.shape)}: return its mean or sum`,
      )
    }
    if (this.#first !== undefined && this.#first.resultKey !== resultKey) {
      throw new ArgumentError(
        `epoch: expected the same results for each batch, got ${this.#first.resultKey} and ${resultKey}`,
      )
    }
    if (this.#targets.some(storages => !storages.some(storage => uses.includes(storage)))) {
      throw new ArgumentError(
        'epoch: expected a schedule for an optimizer whose step() the function calls, got another',
      )
    }
  }

  #hold(storages: readonly Storage[]): void {
    for (const storage of storages) {
      if (this.#held.has(storage)) continue
      storage.steps++
      this.#held.add(storage)
    }
  }
}
