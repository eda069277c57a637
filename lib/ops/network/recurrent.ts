// LSTM and GRU over a sequence of projected inputs: one kernel forward, one backward. Products that need no previous step
// are ordinary ops.

import type { Primitive } from '../../core/primitive.js'
import type { Tensor } from '../../core/tensor.js'
import { emptyArray } from '../../core/values.js'
import { concat } from '../joining.js'
import { apply, applyAll } from '../machinery/apply.js'
import { wholeGradient } from '../machinery/broadcast-gradient.js'
import { declareFunction } from '../machinery/define.js'
import { matmul } from '../matmul.js'
import { transpose } from '../permuting.js'
import { sum } from '../reductions.js'
import { reshape } from '../shaping.js'
import { slice } from '../slicing.js'
import { gruGradients, lstmGradients } from './recurrent-composite.js'

interface Sequence {
  /** Whether the last step comes first. */
  readonly reverse: boolean
}

const arraysOf = (tensors: readonly Tensor[]) => tensors.map(({ storage }) => storage.array)

/** The state before each step: h0, then all results [batch, steps, hidden] but the last, in the steps' order. */
function statesBefore(h0: Tensor, results: Tensor, reverse: boolean): Tensor {
  const first = reshape(h0, [h0.shape[0], 1, h0.shape[1]])
  return reverse ? concat([slice(results, null, [1]), first], 1) : concat([first, slice(results, null, [0, -1])], 1)
}

/** Σ over samples and steps of gᵀ·h: g [batch, steps, m], h [batch, steps, n], to [m, n]. */
const weightGradient = (g: Tensor, h: Tensor): Tensor => matmul(transpose(flat(g)), flat(h))
const flat = (sequence: Tensor): Tensor => {
  const [batch, steps, width] = sequence.shape
  return reshape(sequence, [batch * steps, width])
}

/** Inputs x, weight, h0, c0. Results [h, c], concatenated, and the gates. */
const lstmOp: Primitive<Sequence> = {
  name: 'lstm',
  saves: 'both',
  plan: ([x, , h0]) => ({
    shape: [x.shape[0], x.shape[1], 2 * h0.shape[1]],
    dtype: x.dtype,
    more: [{ shape: x.shape, dtype: x.dtype }],
  }),
  forward: (k, out, inputs, { reverse }, _, [gates]) => {
    const [batch, steps] = inputs[0].shape
    const [x, weight, h0, c0] = arraysOf(inputs)
    k.lstm(batch, steps, inputs[2].shape[1], reverse, x, weight, h0, c0, out, gates.storage.array)
  },
  jointVjp: ([g], { inputs, results: [output, gates], params }, [, forWeight]) => {
    const h0 = inputs[2]
    const [dx, dh0, dc0] = applyAll(lstmBackwardOp, [wholeGradient(g, output), ...inputs, output, gates], params)
    if (!forWeight) return [dx, null, dh0, dc0]
    const before = statesBefore(h0, slice(output, null, null, [0, h0.shape[1]]), params.reverse)
    return [dx, weightGradient(dx, before), dh0, dc0]
  },
}

/** The gradients for x, h0 and c0. Inputs g, x, weight, h0, c0, output, gates. */
const lstmBackwardOp: Primitive<Sequence> = {
  name: 'lstmBackward',
  saves: 'nothing',
  plan: ([, x, , h0, c0]) => ({ shape: x.shape, dtype: x.dtype, more: [h0, c0] }),
  forward: (k, dx, [g, x, weight, h0, c0, output, gates], { reverse }, _, more) => {
    const [batch, steps] = x.shape
    const [gs, ws, c0s, outs, gateArray, dh0, dc0] = arraysOf([g, weight, c0, output, gates, ...more])
    k.lstmBackward(batch, steps, h0.shape[1], reverse, gs, ws, c0s, outs, gateArray, dx, dh0, dc0)
  },
  composite: ([g, ...inputs], { reverse }) => lstmGradients(g, inputs, reverse),
}

export type LstmSequence = (x: Tensor, weight: Tensor, h0: Tensor, c0: Tensor, reverse: boolean) => Tensor

/**
 * An LSTM over x [batch, steps, 4·hidden] (the inputs' part of the gates i, f, g, o, biases included) from h0 and c0
 * [batch, hidden]; weight [4·hidden, hidden]. Gives [batch, steps, 2·hidden]: h, then c. At least one step.
 */
export const lstmSequence: LstmSequence = declareFunction({
  name: 'lstm',
  call: (x: Tensor, weight: Tensor, h0: Tensor, c0: Tensor, reverse: boolean) =>
    apply(lstmOp, [x, weight, h0, c0], { reverse }),
  samples: s => [
    [s.real(2, 3, 8), s.real(8, 2), s.real(2, 2), s.real(2, 2), false],
    [s.real(3, 4, 12), s.real(12, 3), s.real(3, 3), s.real(3, 3), true],
    [s.real(1, 1, 4), s.real(4, 1), s.real(1, 1), s.real(1, 1), false],
    [s.real(2, 2, 36), s.real(36, 9), s.real(2, 9), s.real(2, 9), false],
    [s.real(0, 2, 8), s.real(8, 2), s.real(0, 2), s.real(0, 2), false],
  ],
})

/** Inputs x, weight, h0, then bias where there is one. Results h and the gates. */
const gruOp: Primitive<Sequence> = {
  name: 'gru',
  saves: 'both',
  plan: ([x, , h0]) => {
    const [batch, steps] = x.shape
    const hidden = h0.shape[1]
    const { dtype } = x
    return { shape: [batch, steps, hidden], dtype, more: [{ shape: [batch, steps, 4 * hidden], dtype }] }
  },
  forward: (k, out, inputs, { reverse }, _, [gates]) => {
    const [batch, steps] = inputs[0].shape
    const [x, weight, h0, bias = emptyArray(inputs[0].dtype)] = arraysOf(inputs)
    k.gru(batch, steps, inputs[2].shape[1], reverse, x, weight, bias, h0, out, gates.storage.array)
  },
  jointVjp: ([g], { inputs: [x, weight, h0, bias], results: [output, gates], params }, [, forWeight, , forBias]) => {
    const inputs = [wholeGradient(g, output), x, weight, h0, output, gates, ...(bias === undefined ? [] : [bias])]
    const [dx, dHidden, dh0] = applyAll(gruBackwardOp, inputs, params)
    const dWeight = forWeight ? weightGradient(dHidden, statesBefore(h0, output, params.reverse)) : null
    return [dx, dWeight, dh0, forBias ? sum(flat(dHidden), 0) : null]
  },
}

/** The gradients for x, the states' part of the gates, and h0. Inputs g, x, weight, h0, output, gates, then bias if any. */
const gruBackwardOp: Primitive<Sequence> = {
  name: 'gruBackward',
  saves: 'nothing',
  plan: ([, x, , h0]) => ({ shape: x.shape, dtype: x.dtype, more: [x, h0] }),
  forward: (k, dx, [g, x, weight, h0, output, gates], { reverse }, _, more) => {
    const [batch, steps] = x.shape
    const [gs, ws, h0s, outs, gateArray, dHidden, dh0] = arraysOf([g, weight, h0, output, gates, ...more])
    k.gruBackward(batch, steps, h0.shape[1], reverse, gs, ws, h0s, outs, gateArray, dx, dHidden, dh0)
  },
  composite: ([g, x, weight, h0, , , bias], { reverse }) => gruGradients(g, [x, weight, h0, bias], reverse),
}

export type GruSequence = (x: Tensor, weight: Tensor, h0: Tensor, bias: Tensor | null, reverse: boolean) => Tensor

/**
 * A GRU over x [batch, steps, 3·hidden] (the inputs' part of the gates r, z, n, their biases included) from h0 [batch,
 * hidden]; weight [3·hidden, hidden] and bias [3·hidden] are of the states' part. Gives h [batch, steps, hidden]. At
 * least one step.
 */
export const gruSequence: GruSequence = declareFunction({
  name: 'gru',
  call: (x: Tensor, weight: Tensor, h0: Tensor, bias: Tensor | null, reverse: boolean) =>
    apply(gruOp, [x, weight, h0, ...(bias === null ? [] : [bias])], { reverse }),
  samples: s => [
    [s.real(2, 3, 6), s.real(6, 2), s.real(2, 2), s.real(6), false],
    [s.real(3, 4, 9), s.real(9, 3), s.real(3, 3), null, true],
    [s.real(1, 1, 3), s.real(3, 1), s.real(1, 1), s.real(3), false],
    [s.real(2, 2, 27), s.real(27, 9), s.real(2, 9), s.real(27), true],
    [s.real(0, 2, 6), s.real(6, 2), s.real(0, 2), s.real(6), false],
  ],
})

type Gradients = (g: Tensor, x: Tensor, weight: Tensor, h0: Tensor, last: Tensor, reverse: boolean) => readonly Tensor[]

/** The fused gradients: for the tests, which compare them with the composite. `last` is c0. */
export const lstmBackward: Gradients = declareFunction({
  name: 'lstmBackward',
  call: (...[g, x, weight, h0, c0, reverse]: Parameters<Gradients>) => {
    const inputs = [x, weight, h0, c0]
    const detached = inputs.map(t => t.detach())
    const results = applyAll(lstmOp, detached, { reverse })
    return applyAll(lstmBackwardOp, [g, ...inputs, ...results], { reverse })
  },
  composite: (...[g, x, weight, h0, c0, reverse]: Parameters<Gradients>) =>
    lstmGradients(g, [x, weight, h0, c0], reverse),
  samples: s => [
    [s.real(2, 3, 4), s.real(2, 3, 8), s.real(8, 2), s.real(2, 2), s.real(2, 2), false],
    [s.real(3, 2, 6), s.real(3, 2, 12), s.real(12, 3), s.real(3, 3), s.real(3, 3), true],
  ],
})

/** For the tests, likewise. `last` is the bias. */
export const gruBackward: Gradients = declareFunction({
  name: 'gruBackward',
  call: (...[g, x, weight, h0, bias, reverse]: Parameters<Gradients>) => {
    const inputs = [x, weight, h0, bias].map(t => t.detach())
    const results = applyAll(gruOp, inputs, { reverse })
    return applyAll(gruBackwardOp, [g, x, weight, h0, ...results, bias], { reverse })
  },
  composite: (...[g, x, weight, h0, bias, reverse]: Parameters<Gradients>) =>
    gruGradients(g, [x, weight, h0, bias], reverse),
  samples: s => [
    [s.real(2, 3, 2), s.real(2, 3, 6), s.real(6, 2), s.real(2, 2), s.real(6), false],
    [s.real(3, 2, 3), s.real(3, 2, 9), s.real(9, 3), s.real(3, 3), s.real(9), true],
  ],
})
