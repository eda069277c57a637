// LSTM and GRU over a sequence whose inputs are projected already: one kernel forward, one back. The products that need
// no step before are ordinary ones.

import type { Shape } from '../../base/shape.js'
import { context } from '../../core/context.js'
import type { Plan, Primitive } from '../../core/primitive.js'
import { Tensor } from '../../core/tensor.js'
import { emptyArray } from '../../core/values.js'
import { concat } from '../joining.js'
import { apply } from '../machinery/apply.js'
import { expandTo } from '../machinery/broadcast-gradient.js'
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
const wantsGraph = (tensors: readonly Tensor[]): boolean => context.gradMode && tensors.some(t => t.requiresGrad)
const allocate = (like: Tensor, shape: Shape, op: string): Tensor => Tensor.allocate(shape, like.dtype, op)

/** What each step had from the one before: h0, then the results [batch, steps, hidden] but the last, in steps' order. */
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

/** Inputs x, weight, h0, c0. */
const lstmOp: Primitive<Sequence, Plan> = {
  name: 'lstm',
  saves: 'both',
  plan: ([x, , h0]) => ({
    shape: [x.shape[0], x.shape[1], 2 * h0.shape[1]],
    dtype: x.dtype,
    extras: [{ shape: x.shape, dtype: x.dtype }],
  }),
  forward: (k, out, inputs, { reverse }, _, [gates]) => {
    const [batch, steps] = inputs[0].shape
    const [x, weight, h0, c0] = arraysOf(inputs)
    k.lstm(batch, steps, inputs[2].shape[1], reverse, x, weight, h0, c0, out, gates.storage.array)
  },
  vjps: (g, { inputs, output, extras: [gates], params, shape }) =>
    lstmVjps(expandTo(g, shape), inputs, output, gates, params),
}

function lstmVjps(
  g: Tensor,
  inputs: readonly Tensor[],
  output: Tensor,
  gates: Tensor,
  { reverse }: Sequence,
): readonly Tensor[] {
  if (wantsGraph([g, ...inputs])) return lstmGradients(g, inputs, reverse)
  const [x, weight, h0, c0] = inputs
  const [batch, steps] = x.shape
  const hidden = h0.shape[1]
  const made = [x, h0, c0].map(t => allocate(t, t.shape, 'lstmBackward'))
  const [gs, ws, c0s, outs, gateArray] = arraysOf([g, weight, c0, output, gates])
  const [dx, dh0, dc0] = arraysOf(made)
  context.backend.lstmBackward(batch, steps, hidden, reverse, gs, ws, c0s, outs, gateArray, dx, dh0, dc0)
  const before = statesBefore(h0, slice(output, null, null, [0, hidden]), reverse)
  return [made[0], weightGradient(made[0], before), made[1], made[2]]
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

/** Inputs x, weight, h0, then bias where there is one. */
const gruOp: Primitive<Sequence, Plan> = {
  name: 'gru',
  saves: 'both',
  plan: ([x, , h0]) => {
    const [batch, steps] = x.shape
    const hidden = h0.shape[1]
    const { dtype } = x
    return { shape: [batch, steps, hidden], dtype, extras: [{ shape: [batch, steps, 4 * hidden], dtype }] }
  },
  forward: (k, out, inputs, { reverse }, _, [gates]) => {
    const [batch, steps] = inputs[0].shape
    const [x, weight, h0, bias = emptyArray(inputs[0].dtype)] = arraysOf(inputs)
    k.gru(batch, steps, inputs[2].shape[1], reverse, x, weight, bias, h0, out, gates.storage.array)
  },
  vjps: (g, { inputs, output, extras: [gates], params, shape }) =>
    gruVjps(expandTo(g, shape), inputs, output, gates, params),
}

function gruVjps(
  g: Tensor,
  inputs: readonly Tensor[],
  output: Tensor,
  gates: Tensor,
  { reverse }: Sequence,
): readonly Tensor[] {
  if (wantsGraph([g, ...inputs])) return gruGradients(g, inputs, reverse)
  const [x, weight, h0, bias] = inputs
  const [batch, steps] = x.shape
  const made = [x, x, h0].map(t => allocate(t, t.shape, 'gruBackward'))
  const [gs, ws, h0s, outs, gateArray] = arraysOf([g, weight, h0, output, gates])
  const [dx, dHidden, dh0] = arraysOf(made)
  context.backend.gruBackward(batch, steps, h0.shape[1], reverse, gs, ws, h0s, outs, gateArray, dx, dHidden, dh0)
  const dWeight = weightGradient(made[1], statesBefore(h0, output, reverse))
  return [made[0], dWeight, made[2], ...(bias === undefined ? [] : [sum(flat(made[1]), 0)])]
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

const joined = (parts: readonly Tensor[]): Tensor => concat(parts.map(part => reshape(part, [-1])))

/** What forward leaves, for the tests of the fused gradients. */
function resultsOf(op: Primitive<Sequence, Plan>, inputs: readonly Tensor[], params: Sequence): [Tensor, Tensor] {
  const plan = op.plan(inputs, params)
  const output = allocate(inputs[0], plan.shape, op.name)
  const gates = allocate(inputs[0], plan.extras?.[0].shape ?? [], op.name)
  op.forward(context.backend, output.storage.array, inputs, params, plan, [gates])
  return [output, gates]
}

type Backward = (g: Tensor, x: Tensor, weight: Tensor, h0: Tensor, last: Tensor, reverse: boolean) => Tensor

/** The fused gradients one after another, flat: for the tests, which hold them against their composites. */
export const lstmBackward: Backward = declareFunction({
  name: 'lstmBackward',
  call: (g: Tensor, x: Tensor, weight: Tensor, h0: Tensor, c0: Tensor, reverse: boolean) => {
    const inputs = [x, weight, h0, c0]
    const detached = inputs.map(t => t.detach())
    return joined(lstmVjps(g, inputs, ...resultsOf(lstmOp, detached, { reverse }), { reverse }))
  },
  composite: (g: Tensor, x: Tensor, weight: Tensor, h0: Tensor, c0: Tensor, reverse: boolean) =>
    joined(lstmGradients(g, [x, weight, h0, c0], reverse)),
  samples: s => [
    [s.real(2, 3, 4), s.real(2, 3, 8), s.real(8, 2), s.real(2, 2), s.real(2, 2), false],
    [s.real(3, 2, 6), s.real(3, 2, 12), s.real(12, 3), s.real(3, 3), s.real(3, 3), true],
  ],
})

/** For the tests, likewise; `last` is the bias. */
export const gruBackward: Backward = declareFunction({
  name: 'gruBackward',
  call: (g: Tensor, x: Tensor, weight: Tensor, h0: Tensor, bias: Tensor, reverse: boolean) => {
    const inputs = [x, weight, h0, bias]
    const detached = inputs.map(t => t.detach())
    return joined(gruVjps(g, inputs, ...resultsOf(gruOp, detached, { reverse }), { reverse }))
  },
  composite: (g: Tensor, x: Tensor, weight: Tensor, h0: Tensor, bias: Tensor, reverse: boolean) =>
    joined(gruGradients(g, [x, weight, h0, bias], reverse)),
  samples: s => [
    [s.real(2, 3, 2), s.real(2, 3, 6), s.real(6, 2), s.real(2, 2), s.real(6), false],
    [s.real(3, 2, 3), s.real(3, 2, 9), s.real(9, 3), s.real(3, 3), s.real(9), true],
  ],
})
