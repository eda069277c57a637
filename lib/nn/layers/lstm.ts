// The long short-term memory (Hochreiter and Schmidhuber, 1997): as a layer over sequences, and as one step.

import { isArray } from '../../base/containers.js'
import { ArgumentError, showValue } from '../../base/errors.js'
import type { Tensor, TensorLike } from '../../core/tensor.js'
import { add, linear, slice } from '../../ops/index.js'
import { lstmSequence } from '../../ops/network/recurrent.js'
import { type Direction, type Passed, Recurrent, type RecurrentOptions, stepAt } from './recurrent.js'
import { RecurrentCell, type RecurrentCellOptions } from './recurrent-cell.js'

/** Hidden states and cells. */
export type LSTMState = readonly [h: TensorLike, c: TensorLike]

function pairOf(owner: string, state: LSTMState | null): LSTMState | null {
  if (state === null || (isArray(state) && state.length === 2)) return state
  throw new ArgumentError(`${owner}: expected states [h, c], got ${showValue(state)}`)
}

/** x [batch, time, features] from h and c [batch, hidden]: [h, c] of all steps, concatenated along the last axis. */
function run(x: Tensor, [h, c]: readonly Tensor[], { weightIh, weightHh, biasIh, biasHh, reverse }: Direction): Tensor {
  const bias = biasIh === null || biasHh === null ? null : add(biasIh, biasHh)
  return lstmSequence(linear(x, weightIh, bias), weightHh, h, c, reverse)
}

/** The columns of h, and those of c. */
const halves = (both: Tensor, hidden: number): [h: Tensor, c: Tensor] => {
  const all = both.shape.slice(0, -1).map(() => null)
  return [slice(both, ...all, [0, hidden]), slice(both, ...all, [hidden])]
}

/**
 * LSTM layers over sequences [time, batch, inputSize] (or [batch, time, inputSize] with `batchFirst`, or [time,
 * inputSize]). With gates i, f, g, o from x·weight_ihᵀ + bias_ih + h·weight_hhᵀ + bias_hh: c = σ(f)·c + σ(i)·tanh(g),
 * h = σ(o)·tanh(c). State is named and shaped as PyTorch's: weight_ih_l0 [4·hiddenSize, inputSize], weight_hh_l0
 * [4·hiddenSize, hiddenSize], bias_ih_l0, bias_hh_l0 [4·hiddenSize], then `…_l0_reverse`, `…_l1` and so on. Sequences of
 * one batch are of one length: there are no packed sequences.
 */
export class LSTM extends Recurrent {
  /** Weights and biases start uniform in ±1/√hiddenSize. */
  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions = {}) {
    super('LSTM', 4, inputSize, hiddenSize, options)
  }

  /**
   * @param state the first h and c, [numLayers·directions, batch, hiddenSize] each; zeros by default.
   * @returns the last layer's h of all steps, shaped as the input with directions·hiddenSize features; the last h and c.
   * @throws ShapeError for inputs or states of other shapes, and for a sequence without steps.
   */
  override forward(x: TensorLike, state: LSTMState | null = null): [output: Tensor, state: [h: Tensor, c: Tensor]] {
    const { output, states } = this.through(x, pairOf('LSTM', state), 2)
    return [output, [states[0], states[1]]]
  }

  protected override pass(x: Tensor, states: readonly Tensor[], direction: Direction): Passed {
    const both = run(x, states, direction)
    const last = stepAt(both, direction.reverse ? 0 : x.shape[1] - 1)
    return { output: halves(both, this.hiddenSize)[0], states: halves(last, this.hiddenSize) }
  }
}

/** One step of an LSTM: x [batch, inputSize] or [inputSize], weight_ih, weight_hh, bias_ih and bias_hh as LSTM's. */
export class LSTMCell extends RecurrentCell {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentCellOptions = {}) {
    super('LSTMCell', 4, inputSize, hiddenSize, options)
  }

  /**
   * @param state h and c, [batch, hiddenSize] each, or [hiddenSize]; zeros by default.
   * @returns the h and c after the step.
   */
  override forward(x: TensorLike, state: LSTMState | null = null): [h: Tensor, c: Tensor] {
    const { sequence, states, shape } = this.prepare(x, pairOf('LSTMCell', state), 2)
    const [h, c] = halves(stepAt(run(sequence, states, this.direction), 0), this.hiddenSize)
    return [h.reshape(shape), c.reshape(shape)]
  }
}
