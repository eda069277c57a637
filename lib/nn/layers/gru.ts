// The gated recurrent unit (Cho et al., 2014), with the reset where PyTorch has it: as a layer and as one step.

import type { Tensor, TensorLike } from '../../core/tensor.js'
import { linear } from '../../ops/index.js'
import { gruSequence } from '../../ops/network/recurrent.js'
import { type Direction, type Passed, Recurrent, type RecurrentOptions, stepAt } from './recurrent.js'
import { RecurrentCell, type RecurrentCellOptions } from './recurrent-cell.js'

/** x [batch, time, features] from h [batch, hidden]: h of all steps. */
const run = (x: Tensor, [h]: readonly Tensor[], { weightIh, weightHh, biasIh, biasHh, reverse }: Direction): Tensor =>
  gruSequence(linear(x, weightIh, biasIh), weightHh, h, biasHh, reverse)

/**
 * GRU layers over sequences [time, batch, inputSize] (or [batch, time, inputSize] with `batchFirst`, or [time,
 * inputSize]). With a = x·weight_ihᵀ + bias_ih and b = h·weight_hhᵀ + bias_hh, each in parts r, z, n: r = σ(a + b),
 * z = σ(a + b), n = tanh(a + r·b), h = (1 − z)·n + z·h. State is named and shaped as PyTorch's: weight_ih_l0
 * [3·hiddenSize, inputSize], weight_hh_l0 [3·hiddenSize, hiddenSize], bias_ih_l0, bias_hh_l0 [3·hiddenSize], then
 * `…_l0_reverse`, `…_l1` and so on. Sequences of one batch are of one length: there are no packed sequences.
 */
export class GRU extends Recurrent {
  /** Weights and biases start uniform in ±1/√hiddenSize. */
  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions = {}) {
    super('GRU', 3, inputSize, hiddenSize, options)
  }

  /**
   * @param state the first h, [numLayers·directions, batch, hiddenSize]; zeros by default.
   * @returns the last layer's h of all steps, shaped as the input with directions·hiddenSize features; the last h.
   * @throws ShapeError for inputs or states of other shapes, and for a sequence without steps.
   */
  override forward(x: TensorLike, state: TensorLike | null = null): [output: Tensor, h: Tensor] {
    const { output, states } = this.through(x, state === null ? null : [state], 1)
    return [output, states[0]]
  }

  protected override pass(x: Tensor, states: readonly Tensor[], direction: Direction): Passed {
    const output = run(x, states, direction)
    return { output, states: [stepAt(output, direction.reverse ? 0 : x.shape[1] - 1)] }
  }
}

/** One step of a GRU: x [batch, inputSize] or [inputSize], weight_ih, weight_hh, bias_ih and bias_hh as GRU's. */
export class GRUCell extends RecurrentCell {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentCellOptions = {}) {
    super('GRUCell', 3, inputSize, hiddenSize, options)
  }

  /**
   * @param state h, [batch, hiddenSize] or [hiddenSize]; zeros by default.
   * @returns the h after the step.
   */
  override forward(x: TensorLike, state: TensorLike | null = null): Tensor {
    const { sequence, states, shape } = this.prepare(x, state === null ? null : [state], 1)
    return run(sequence, states, this.direction).reshape(shape)
  }
}
