// The values that an op saves for backward, with their versions, and its options.

import { isChecking } from '../base/checking.js'
import { checksum } from '../base/checksum.js'
import { CheckError, GradientError, showShape } from '../base/errors.js'
import type { Shape } from '../base/shape.js'
import type { JointVjp, Primitive, Vjp } from './primitive.js'
import type { Storage } from './storage.js'
import type { Tensor } from './tensor.js'

/** Saved values as a vjp sees them. */
export interface SavedValues<P> {
  /** The inputs, where the op saves them. */
  readonly inputs: readonly Tensor[]
  /** The first result, where the op saves it. */
  readonly output: Tensor
  /** All results: differentiable ones where the op saves them, the others always. */
  readonly results: readonly Tensor[]
  readonly params: P
  /** The inputs' shapes, saved or not. */
  readonly shapes: readonly Shape[]
  /** The first result's shape. */
  readonly shape: Shape
}

export class Saved<P = unknown> implements SavedValues<P> {
  readonly #storages: Storage[] = []
  readonly #versions: number[] = []
  /** Checksums of all saved values, with BLASGRAD_CHECK=1. */
  readonly #checksums: readonly number[] | null

  constructor(
    private readonly op: Primitive<P>,
    readonly params: P,
    readonly shapes: readonly Shape[],
    readonly shape: Shape,
    private readonly savedInputs: readonly (Tensor | undefined)[],
    private readonly savedOutput: Tensor | undefined,
    private readonly savedMore: readonly (Tensor | undefined)[],
  ) {
    for (const input of savedInputs) if (input !== undefined) this.#watch(input.storage)
    if (savedOutput !== undefined) this.#watch(savedOutput.storage)
    // Stryker disable next-line ConditionalExpression, EqualityOperator: saves the iterator for most ops
    if (savedMore.length > 0) for (const result of savedMore) if (result !== undefined) this.#watch(result.storage)
    this.#checksums = isChecking ? this.#sums() : null
  }

  #watch(storage: Storage): void {
    this.#storages.push(storage)
    this.#versions.push(storage.version)
  }

  #sums(): number[] {
    return this.#storages.map(({ memory }) => checksum(memory))
  }

  /** Detects changes that raise no version: through a view, or by a kernel that writes out of bounds. */
  #checkSums(before: readonly number[]): void {
    const at = this.#sums().findIndex((sum, i) => sum !== before[i])
    if (at === -1) return
    const count = this.#storages.length - this.savedMore.filter(result => result !== undefined).length
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

  get results(): readonly Tensor[] {
    return [this.savedOutput, ...this.savedMore] as readonly Tensor[]
  }

  /** Whether the gradients of all inputs come from one call of `gradients`, not from a call of `gradient` for each. */
  get isJoint(): boolean {
    return this.op.jointVjp !== undefined
  }

  /** @throws GradientError if a saved value was changed in place; with BLASGRAD_CHECK=1 also CheckError. */
  check(): void {
    this.#checkVersions()
    if (this.#checksums !== null) this.#checkSums(this.#checksums)
  }

  /**
   * The gradient of input `i`, from the result's gradient `g`, which has the result's number of axes. It may be smaller
   * than the input where it merely repeats along an axis.
   */
  gradient(g: Tensor, i: number): Tensor | null {
    return (this.op.vjp as Vjp<P>)(g, this, i)
  }

  /** The gradients of the inputs that are `required`, from those of the differentiable results. */
  gradients(gs: readonly (Tensor | undefined)[], required: readonly boolean[]): readonly (Tensor | null)[] {
    // Stryker disable next-line ArrayDeclaration: no element of it is read
    return required.includes(true) ? (this.op.jointVjp as JointVjp<P>)(gs, this, required) : []
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
