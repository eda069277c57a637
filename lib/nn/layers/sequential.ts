// Layers one after another.

import { ArgumentError, showValue } from '../../base/errors.js'
import type { Tensor } from '../../core/tensor.js'
import type { Copy } from '../copier.js'
import { Module } from '../module.js'

/** A module that takes one tensor and gives one. */
export interface Layer extends Module {
  forward(x: Tensor): Tensor
}

type FromStart<I extends number> = `${I}` extends `-${string}` ? never : I

/** Passes its input through each layer in turn. The layers are named by their positions: `0.weight`. */
export class Sequential<const Layers extends readonly Layer[] = readonly Layer[]> extends Module {
  readonly #layers: Layers

  constructor(...layers: Layers) {
    super()
    for (const [i, layer] of layers.entries()) {
      if (layer instanceof Module) continue
      throw new ArgumentError(`Sequential: expected layer ${i} to be a Module, got ${showValue(layer)}`)
    }
    this.#layers = layers
  }

  /** The number of layers. */
  get length(): number {
    return this.#layers.length
  }

  /** The layer at `index`, of its own type; a negative one counts from the end. */
  at<I extends number>(index: FromStart<I>): Layers[I]
  at(index: number): Layers[number] | undefined
  at(index: number): Layers[number] | undefined {
    return this.#layers.at(index)
  }

  [Symbol.iterator](): IterableIterator<Layers[number]> {
    return this.#layers.values()
  }

  override forward(x: Tensor): Tensor {
    return this.#layers.reduce((value: Tensor, layer: Layer) => layer.forward(value), x)
  }

  protected override bareCopy(copy: Copy): this {
    return Reflect.construct(Sequential, this.#layers.map(copy), this.constructor) as this
  }

  protected override *ownEntries(): Generator<readonly [unknown, unknown]> {
    yield* this.#layers.entries()
    yield* super.ownEntries()
  }
}
