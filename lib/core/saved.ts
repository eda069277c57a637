// What an op keeps for its backward: the values its gradients read, each with the version it had, and its options.

import { isChecking } from '../base/checking.js'
import { checksum } from '../base/checksum.js'
import { CheckError, GradientError, showShape } from '../base/errors.js'
import type { Shape } from '../base/shape.js'
import type { Primitive } from './primitive.js'
import type { Storage } from './storage.js'
import type { Tensor } from './tensor.js'

/** As a gradient's formula sees it. */
export interface SavedValues<P> {
  /** The inputs, where the op saves them. */
  readonly inputs: readonly Tensor[]
  /** The result, where the op saves it. */
  readonly output: Tensor
  /** What forward left beside the result. */
  readonly extras: readonly Tensor[]
  readonly params: P
  /** The inputs' shapes, saved or not. */
  readonly shapes: readonly Shape[]
  /** The result's shape. */
  readonly shape: Shape
}

export class Saved<P = unknown> implements SavedValues<P> {
  readonly #storages: Storage[] = []
  readonly #versions: number[] = []
  /** Of everything that is kept, where that is checked. */
  readonly #checksums: readonly number[] | null

  constructor(
    private readonly op: Primitive<P>,
    readonly params: P,
    readonly shapes: readonly Shape[],
    readonly shape: Shape,
    private readonly savedInputs: readonly (Tensor | undefined)[],
    private readonly savedOutput: Tensor | undefined,
    readonly extras: readonly Tensor[],
  ) {
    for (const input of savedInputs) if (input !== undefined) this.#watch(input.storage)
    if (savedOutput !== undefined) this.#watch(savedOutput.storage)
    this.#checksums = isChecking ? this.#sums() : null
  }

  #watch(storage: Storage): void {
    this.#storages.push(storage)
    this.#versions.push(storage.version)
  }

  #sums(): number[] {
    return [...this.#storages, ...this.extras.map(({ storage }) => storage)].map(({ memory }) => checksum(memory))
  }

  /** Elements may have changed behind the versions: through a view, or by a kernel that wrote where it must not. */
  #checkSums(before: readonly number[]): void {
    const at = this.#sums().findIndex((sum, i) => sum !== before[i])
    if (at === -1) return
    const count = this.#storages.length
    const what = at < count ? `value ${at} of ${count} saved for backward` : 'what forward left for backward'
    throw new CheckError(
      `check: ${this.op.name}: ${what} was changed without its version being raised, as by writing to a view of .data ` +
        `(inputs ${this.shapes.map(showShape).join(' and ')})`,
    )
  }

  get inputs(): readonly Tensor[] {
    return this.savedInputs as readonly Tensor[]
  }

  get output(): Tensor {
    return this.savedOutput as Tensor
  }

  /**
   * From the result's gradient `g`, which has the result's number of axes, the gradient of each input that is asked for by its position. It may be smaller than
   * the input where it merely repeats along an axis.
   * @throws GradientError if a saved value was changed in place.
   */
  gradients(g: Tensor): (i: number) => Tensor | null {
    this.#checkVersions()
    if (this.#checksums !== null) this.#checkSums(this.#checksums)
    const { vjp, vjps } = this.op
    if (vjps !== undefined) {
      let all: readonly (Tensor | null)[] | undefined
      return i => {
        all ??= vjps(g, this)
        return all[i]
      }
    }
    if (typeof vjp === 'function') return i => vjp(g, this, i)
    return i => vjp?.[i]?.(g, this, i) ?? null
  }

  #checkVersions(): void {
    for (let j = 0; j < this.#storages.length; j++) {
      if (this.#storages[j].version === this.#versions[j]) continue
      throw new GradientError(
        `backward: ${this.op.name}: a value saved for backward was changed in place ` +
          `(inputs ${this.shapes.map(showShape).join(' and ')}, version ${this.#storages[j].version}, expected ${this.#versions[j]})`,
      )
    }
  }
}
