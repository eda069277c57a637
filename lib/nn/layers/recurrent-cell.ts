// The base of LSTMCell and GRUCell: the weights of one step.

import type { DType } from '../../base/dtype.js'
import { ShapeError, showShape } from '../../base/errors.js'
import { checkedWhereUsed, checkOptions, flag, type Schema } from '../../base/options.js'
import { checkShape, type Shape, sameShape } from '../../base/shape.js'
import { zeros as zeroTensor } from '../../core/creation.js'
import { allocateTensor, type Tensor, type TensorLike } from '../../core/tensor.js'
import { reshape } from '../../ops/index.js'
import { asTensor } from '../../ops/machinery/operands.js'
import { Module } from '../module.js'
import { checkFloat, checkSize } from '../options.js'
import { Parameter } from '../parameter.js'
import { showSettings } from '../repr.js'
import { torchNames } from '../torch-names.js'
import { type Direction, resetRecurrent } from './recurrent.js'

export interface RecurrentCellOptions {
  /** Whether there are biases; true by default. */
  readonly bias?: boolean
  /** `float32` by default. */
  readonly dtype?: DType
}

const cellOptions: Schema<RecurrentCellOptions> = { bias: flag, dtype: checkedWhereUsed }

export abstract class RecurrentCell extends Module {
  readonly inputSize: number
  readonly hiddenSize: number
  weightIh: Parameter
  weightHh: Parameter
  biasIh: Parameter | null
  biasHh: Parameter | null
  /** The class, in messages. */
  private readonly owner: string

  protected constructor(
    name: string,
    gates: number,
    inputSize: number,
    hiddenSize: number,
    options: RecurrentCellOptions,
  ) {
    super()
    const { bias = true, dtype = 'float32' } = checkOptions(name, options, cellOptions)
    this.owner = name
    this.inputSize = checkSize(name, 'inputSize', inputSize)
    this.hiddenSize = checkSize(name, 'hiddenSize', hiddenSize)
    checkFloat(name, dtype)
    const parameter = (...shape: number[]): Parameter => {
      checkShape(name, shape)
      return new Parameter(allocateTensor(shape, dtype))
    }
    this.weightIh = parameter(gates * hiddenSize, inputSize)
    this.weightHh = parameter(gates * hiddenSize, hiddenSize)
    this.biasIh = bias ? parameter(gates * hiddenSize) : null
    this.biasHh = bias ? parameter(gates * hiddenSize) : null
    this.resetParameters()
  }

  /** Draws the weights anew. */
  resetParameters(): void {
    resetRecurrent(this.parameters(), this.hiddenSize)
  }

  protected get direction(): Direction {
    const { weightIh, weightHh, biasIh, biasHh } = this
    return { weightIh, weightHh, biasIh, biasHh, reverse: false }
  }

  /** The input as a sequence of one step, the states [batch, hiddenSize], and the shape of the results. */
  protected prepare(
    x: TensorLike,
    given: readonly TensorLike[] | null,
    count: number,
  ): { sequence: Tensor; states: readonly Tensor[]; shape: Shape } {
    const { dtype } = this.weightIh
    const input = asTensor(this.owner, x, dtype)
    if ((input.ndim !== 1 && input.ndim !== 2) || input.shape[input.ndim - 1] !== this.inputSize) {
      throw new ShapeError(
        `${this.owner}: expected input [batch, ${this.inputSize}] or [${this.inputSize}], got ${showShape(input.shape)}`,
      )
    }
    const batch = input.ndim === 1 ? 1 : input.shape[0]
    const [inner, shape] = [
      [batch, this.hiddenSize],
      [...input.shape.slice(0, -1), this.hiddenSize],
    ]
    const states = given ?? Array.from({ length: count }, () => zeroTensor(shape, { dtype }))
    return {
      sequence: reshape(input, [batch, 1, this.inputSize]),
      states: states.map(state => {
        const tensor = asTensor(this.owner, state, dtype)
        if (sameShape(tensor.shape, shape)) return reshape(tensor, inner)
        throw new ShapeError(
          `${this.owner}: expected states ${showShape(shape)} for input ${showShape(input.shape)}, got ${showShape(tensor.shape)}`,
        )
      }),
      shape,
    }
  }

  protected override ownEntries(): Iterable<readonly [unknown, unknown]> {
    return torchNames(super.ownEntries())
  }

  override extraRepr(): string {
    const { inputSize, hiddenSize } = this
    return showSettings({ inputSize, hiddenSize, bias: this.biasIh !== null })
  }
}
