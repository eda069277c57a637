// The gradients of LSTM and GRU over a sequence in plain ops, step by step: what is differentiated again. See
// docs/derivations/recurrent.md.

import { zeros } from '../../core/creation.js'
import type { Tensor } from '../../core/tensor.js'
import { sigmoid, tanh } from '../activations.js'
import { add, mul, sub } from '../arithmetic.js'
import { concat, stack } from '../joining.js'
import { matmul } from '../matmul.js'
import { transpose } from '../permuting.js'
import { reshape } from '../shaping.js'
import { slice } from '../slicing.js'

/** The numbers of the steps in the order in which they are taken. */
export const timesOf = (steps: number, reverse: boolean): number[] =>
  Array.from({ length: steps }, (_, i) => (reverse ? steps - 1 - i : i))

/** Step t of a sequence [batch, steps, width]. */
const stepOf = (sequence: Tensor, t: number): Tensor =>
  reshape(slice(sequence, null, [t, t + 1]), [sequence.shape[0], sequence.shape[2]])

/** The `count` parts of equal width of [batch, count·width]. */
function partsOf(row: Tensor, count: number): Tensor[] {
  const width = row.shape[1] / count
  return Array.from({ length: count }, (_, i) => slice(row, null, [i * width, (i + 1) * width]))
}

/** Not 0·state, which is NaN where the state is infinite. */
const zerosLike = (state: Tensor): Tensor => zeros(state.shape, { dtype: state.dtype })

const through = (factors: Tensor, g: Tensor): Tensor => mul(factors, g)
/** v(1 − v), the slope of a sigmoid whose result is v. */
const slopeOfSigmoid = (v: Tensor): Tensor => sub(v, mul(v, v))
/** 1 − v², of a tanh. */
const slopeOfTanh = (v: Tensor): Tensor => sub(1, mul(v, v))

/** Steps by their times, put together as a sequence [batch, steps, width]. */
const sequenceOf = (steps: readonly Tensor[]): Tensor => stack(steps, 1)

/** For x [n, t, 4h], weight [4h, h], h0 and c0 [n, h], given g [n, t, 2h]: the gradients for x, h0 and c0. */
export function lstmGradients(g: Tensor, inputs: readonly Tensor[], reverse: boolean): Tensor[] {
  const [x, weight, h0, c0] = inputs
  const times = timesOf(x.shape[1], reverse)
  let [h, c] = [h0, c0]
  const taken = times.map(t => {
    const [i, f, z, o] = partsOf(add(stepOf(x, t), matmul(h, transpose(weight))), 4)
    const [input, forget, cell, output] = [sigmoid(i), sigmoid(f), tanh(z), sigmoid(o)]
    const before = { h, c }
    c = add(mul(forget, c), mul(input, cell))
    const reached = tanh(c)
    h = mul(output, reached)
    return { t, before, input, forget, cell, output, reached }
  })
  let [dh, dc] = [zerosLike(h0), zerosLike(c0)]
  const dx: Tensor[] = []
  for (const { t, before, input, forget, cell, output, reached } of taken.reverse()) {
    const [gh, gc] = partsOf(stepOf(g, t), 2)
    dh = add(dh, gh)
    dc = add(add(dc, gc), mul(mul(dh, output), slopeOfTanh(reached)))
    dx[t] = concat(
      [
        through(slopeOfSigmoid(input), mul(dc, cell)),
        through(slopeOfSigmoid(forget), mul(dc, before.c)),
        through(slopeOfTanh(cell), mul(dc, input)),
        through(slopeOfSigmoid(output), mul(dh, reached)),
      ],
      1,
    )
    dh = matmul(dx[t], weight)
    dc = mul(dc, forget)
  }
  return [sequenceOf(dx), dh, dc]
}

/**
 * For x [n, t, 3h], weight [3h, h], h0 [n, h] and bias [3h], if any, given g [n, t, h]: the gradients for x, for
 * the states' part of the gates [n, t, 3h], and for h0.
 */
export function gruGradients(g: Tensor, inputs: readonly Tensor[], reverse: boolean): Tensor[] {
  const [x, weight, h0, bias] = inputs
  const times = timesOf(x.shape[1], reverse)
  let h = h0
  const taken = times.map(t => {
    const product = matmul(h, transpose(weight))
    const [hiddenReset, hiddenUpdate, inner] = partsOf(bias === undefined ? product : add(product, bias), 3)
    const [givenReset, givenUpdate, given] = partsOf(stepOf(x, t), 3)
    const reset = sigmoid(add(givenReset, hiddenReset))
    const update = sigmoid(add(givenUpdate, hiddenUpdate))
    const next = tanh(add(given, mul(reset, inner)))
    const before = h
    h = add(next, mul(update, sub(h, next)))
    return { t, before, reset, update, next, inner }
  })
  let dh = zerosLike(h0)
  const dx: Tensor[] = []
  const dHidden: Tensor[] = []
  for (const { t, before, reset, update, next, inner } of taken.reverse()) {
    dh = add(dh, stepOf(g, t))
    const dNext = through(slopeOfTanh(next), mul(dh, sub(1, update)))
    const dReset = through(slopeOfSigmoid(reset), mul(dNext, inner))
    const dUpdate = through(slopeOfSigmoid(update), mul(dh, sub(before, next)))
    dx[t] = concat([dReset, dUpdate, dNext], 1)
    dHidden[t] = concat([dReset, dUpdate, mul(dNext, reset)], 1)
    dh = add(mul(dh, update), matmul(dHidden[t], weight))
  }
  return [sequenceOf(dx), sequenceOf(dHidden), dh]
}
