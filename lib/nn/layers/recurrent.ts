// The base of LSTM and GRU: the weights of layers and directions, and the pass of a sequence through them.

import type { DType } from '../../base/dtype.js'
import { ArgumentError, ShapeError, showShape } from '../../base/errors.js'
import { checkedWhereUsed, checkOptions, flag, type Schema } from '../../base/options.js'
import { checkShape, sameShape } from '../../base/shape.js'
import { zeros as zeroTensor } from '../../core/creation.js'
import { allocateTensor, type Tensor, type TensorLike } from '../../core/tensor.js'
import { concat, reshape, slice, stack, transpose } from '../../ops/index.js'
import { asTensor } from '../../ops/machinery/operands.js'
import { checkProbability, dropout } from '../../ops/network/dropout.js'
import { uniform } from '../init.js'
import { Module } from '../module.js'
import { checkFloat, checkSize } from '../options.js'
import { Parameter } from '../parameter.js'
import { showSettings } from '../repr.js'
import { torchNames } from '../torch-names.js'

export interface RecurrentOptions {
  /** How many layers, each over the results of the one before; 1 by default. */
  readonly numLayers?: number
  /** Whether there are biases; true by default. */
  readonly bias?: boolean
  /** Whether sequences are [batch, time, features]; false by default, which is [time, batch, features]. */
  readonly batchFirst?: boolean
  /** With which probability an element between two layers is dropped while training; 0 by default. */
  readonly dropout?: number
  /** Whether each layer also goes from the last step to the first; results are concatenated. False by default. */
  readonly bidirectional?: boolean
  /** `float32` by default. */
  readonly dtype?: DType
}

const recurrentOptions: Schema<RecurrentOptions> = {
  numLayers: checkedWhereUsed,
  bias: flag,
  batchFirst: flag,
  dropout: checkedWhereUsed,
  bidirectional: flag,
  dtype: checkedWhereUsed,
}

/** The weights of one layer in one direction. */
export interface Direction {
  /** [gates·hiddenSize, its inputs]. */
  readonly weightIh: Parameter
  /** [gates·hiddenSize, hiddenSize]. */
  readonly weightHh: Parameter
  readonly biasIh: Parameter | null
  readonly biasHh: Parameter | null
  readonly reverse: boolean
}

/** The results of one direction: outputs [batch, time, hiddenSize], and its last states [batch, hiddenSize]. */
export interface Passed {
  readonly output: Tensor
  readonly states: readonly Tensor[]
}

/** Draws weights uniform in ±1/√hiddenSize, as PyTorch's start. */
export function resetRecurrent(parameters: readonly Parameter[], hiddenSize: number): void {
  const bound = hiddenSize > 0 ? 1 / Math.sqrt(hiddenSize) : 0
  for (const parameter of parameters) uniform(parameter, -bound, bound)
}

export abstract class Recurrent extends Module {
  readonly inputSize: number
  readonly hiddenSize: number
  readonly numLayers: number
  readonly bias: boolean
  readonly batchFirst: boolean
  readonly dropout: number
  readonly bidirectional: boolean
  /** The class, in messages. */
  private readonly owner: string

  protected constructor(name: string, gates: number, inputSize: number, hiddenSize: number, options: RecurrentOptions) {
    super()
    const checked = checkOptions(name, options, recurrentOptions)
    const { numLayers = 1, bias = true, batchFirst = false, bidirectional = false, dtype = 'float32' } = checked
    this.owner = name
    this.inputSize = checkSize(name, 'inputSize', inputSize)
    this.hiddenSize = checkSize(name, 'hiddenSize', hiddenSize)
    this.numLayers = checkSize(name, 'numLayers', numLayers)
    if (numLayers === 0) throw new ArgumentError(`${name}: expected numLayers of at least 1, got 0`)
    this.bias = bias
    this.batchFirst = batchFirst
    this.dropout = checkProbability(name, 'dropout', checked.dropout ?? 0)
    this.bidirectional = bidirectional
    checkFloat(name, dtype)
    const parameter = (...shape: number[]): Parameter => {
      checkShape(name, shape)
      return new Parameter(allocateTensor(shape, dtype))
    }
    for (let layer = 0; layer < numLayers; layer++) {
      for (const reverse of this.ways) {
        const inputs = layer === 0 ? inputSize : hiddenSize * this.ways.length
        const suffix = suffixOf(layer, reverse)
        const named: Record<string, Parameter> = {
          [`weightIh${suffix}`]: parameter(gates * hiddenSize, inputs),
          [`weightHh${suffix}`]: parameter(gates * hiddenSize, hiddenSize),
        }
        if (bias) {
          named[`biasIh${suffix}`] = parameter(gates * hiddenSize)
          named[`biasHh${suffix}`] = parameter(gates * hiddenSize)
        }
        Object.assign(this, named)
      }
    }
    this.resetParameters()
  }

  /** Draws the weights anew. */
  resetParameters(): void {
    resetRecurrent(this.parameters(), this.hiddenSize)
  }

  /** For each direction whether it is the reverse one. */
  private get ways(): readonly boolean[] {
    return this.bidirectional ? [false, true] : [false]
  }

  private direction(layer: number, reverse: boolean): Direction {
    const own = this as unknown as Readonly<Record<string, Parameter | undefined>>
    const named = (name: string): Parameter | null => own[`${name}${suffixOf(layer, reverse)}`] ?? null
    const [weightIh, weightHh] = [named('weightIh') as Parameter, named('weightHh') as Parameter]
    return { weightIh, weightHh, biasIh: named('biasIh'), biasHh: named('biasHh'), reverse }
  }

  /** A sequence [batch, time, features] through one direction, from its first states [batch, hiddenSize]. */
  protected abstract pass(x: Tensor, states: readonly Tensor[], direction: Direction): Passed

  /**
   * A sequence through all layers.
   * @param given the first states, [layers·directions, batch, hiddenSize] each; zeros where there are none.
   * @returns the last layer's results, and the last states as they were given.
   */
  protected through(
    x: TensorLike,
    given: readonly TensorLike[] | null,
    count: number,
  ): { output: Tensor; states: Tensor[] } {
    const { dtype } = this.direction(0, false).weightIh
    const sequence = asTensor(this.owner, x, dtype)
    const batched = this.asBatch(sequence)
    const states = this.firstStates(sequence, batched.shape[0], given, count)
    const last: Tensor[][] = states.map(() => [])
    let output = batched
    for (let layer = 0, at = 0; layer < this.numLayers; layer++) {
      const results = this.ways.map(reverse => {
        const own = states.map(state => reshape(slice(state, [at, at + 1]), state.shape.slice(1)))
        at++
        const passed = this.pass(output, own, this.direction(layer, reverse))
        for (const [i, state] of passed.states.entries()) last[i].push(state)
        return passed.output
      })
      output = results.length === 1 ? results[0] : concat(results, 2)
      if (layer < this.numLayers - 1 && this.dropout > 0) output = dropout(output, this.dropout, this.training)
    }
    const asGiven = (state: Tensor): Tensor =>
      sequence.ndim === 2 ? reshape(state, [state.shape[0], this.hiddenSize]) : state
    return { output: this.asGiven(output, sequence), states: last.map(each => asGiven(stack(each))) }
  }

  private asBatch(x: Tensor): Tensor {
    const features = x.shape[x.ndim - 1]
    const time = x.shape[x.ndim === 3 && this.batchFirst ? 1 : 0]
    if ((x.ndim !== 2 && x.ndim !== 3) || features !== this.inputSize || time === 0) {
      const order = this.batchFirst ? '[batch, time' : '[time, batch'
      throw new ShapeError(
        `${this.owner}: expected input ${order}, ${this.inputSize}] or [time, ${this.inputSize}] with at least one step, ` +
          `got ${showShape(x.shape)}`,
      )
    }
    if (x.ndim === 2) return reshape(x, [1, ...x.shape])
    return this.batchFirst ? x : transpose(x, 0, 1)
  }

  private asGiven(output: Tensor, x: Tensor): Tensor {
    if (x.ndim === 2) return reshape(output, output.shape.slice(1))
    return this.batchFirst ? output : transpose(output, 0, 1)
  }

  private firstStates(x: Tensor, batch: number, given: readonly TensorLike[] | null, count: number): Tensor[] {
    const { dtype } = this.direction(0, false).weightIh
    const shape = [this.numLayers * this.ways.length, batch, this.hiddenSize]
    if (given === null) return Array.from({ length: count }, () => zeroTensor(shape, { dtype: dtype }))
    const expected = x.ndim === 2 ? [shape[0], shape[2]] : shape
    return given.map(state => {
      const tensor = asTensor(this.owner, state, dtype)
      if (sameShape(tensor.shape, expected)) return reshape(tensor, shape)
      throw new ShapeError(
        `${this.owner}: expected states ${showShape(expected)} for input ${showShape(x.shape)}, got ${showShape(tensor.shape)}`,
      )
    })
  }

  protected override ownEntries(): Iterable<readonly [unknown, unknown]> {
    return torchNames(super.ownEntries())
  }

  override extraRepr(): string {
    const { inputSize, hiddenSize, numLayers, bias, batchFirst, dropout, bidirectional } = this
    return showSettings({ inputSize, hiddenSize, numLayers, bias, batchFirst, dropout, bidirectional })
  }
}

const suffixOf = (layer: number, reverse: boolean): string => `L${layer}${reverse ? 'Reverse' : ''}`

/** Step `t` of [batch, time, width]. */
export const stepAt = (sequence: Tensor, t: number): Tensor =>
  reshape(slice(sequence, null, [t, t + 1]), [sequence.shape[0], sequence.shape[2]])
