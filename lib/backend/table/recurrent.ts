// Recurrent networks over whole sequences. Samples are independent; steps follow one another, the last first where
// `reverse` is set. σ is the sigmoid; "before" is the step before, h0 and c0 at the first.

import { kernel } from './kernel.js'

const sizes = 'batch:size steps:size hidden:size reverse:flag'

export const recurrentKernels = {
  /**
   * LSTM (Hochreiter and Schmidhuber, 1997). x [batch, steps, 4, hidden] is the inputs' part of the gates; a = x + h
   * before·weightᵀ in four parts gives gates i = σ(a₀), f = σ(a₁), g = tanh(a₂), o = σ(a₃); c = f·c before + i·g and
   * h = o·tanh(c). out [batch, steps, 2, hidden]: h, then c.
   */
  lstm: kernel(
    'rowwise',
    `${sizes} x:in[batch*steps*4*hidden] weight:in[4*hidden*hidden] h0:in[batch*hidden] c0:in[batch*hidden] out:out[batch*steps*2*hidden] gates:out[batch*steps*4*hidden]`,
    { flops: '8*batch*steps*hidden*hidden' },
  ),
  /** The gradients of Σ g·out for x, h0 and c0; that for weight is Σ dxᵀ·h before. See docs/derivations/recurrent.md. */
  lstmBackward: kernel(
    'rowwise',
    `${sizes} g:in[batch*steps*2*hidden] weight:in[4*hidden*hidden] c0:in[batch*hidden] out:in[batch*steps*2*hidden] gates:in[batch*steps*4*hidden] dx:out[batch*steps*4*hidden] dh0:out[batch*hidden] dc0:out[batch*hidden]`,
    { flops: '8*batch*steps*hidden*hidden' },
  ),
  /**
   * GRU (Cho et al., 2014, with PyTorch's place of the reset). x [batch, steps, 3, hidden] is the inputs' part of the
   * gates, b = h before·weightᵀ + bias the states'; r = σ(x₀ + b₀), z = σ(x₁ + b₁), n = tanh(x₂ + r·b₂) and
   * h = n + z·(h before − n). gates [batch, steps, 4, hidden]: r, z, n, b₂.
   */
  gru: kernel(
    'rowwise',
    `${sizes} x:in[batch*steps*3*hidden] weight:in[3*hidden*hidden] bias:in[3*hidden?] h0:in[batch*hidden] out:out[batch*steps*hidden] gates:out[batch*steps*4*hidden]`,
    { flops: '6*batch*steps*hidden*hidden' },
  ),
  /** The gradients of Σ g·out for x, b and h0; those for weight and bias are Σ dbᵀ·h before and Σ db. */
  gruBackward: kernel(
    'rowwise',
    `${sizes} g:in[batch*steps*hidden] weight:in[3*hidden*hidden] h0:in[batch*hidden] out:in[batch*steps*hidden] gates:in[batch*steps*4*hidden] dx:out[batch*steps*3*hidden] dHidden:out[batch*steps*3*hidden] dh0:out[batch*hidden]`,
    { flops: '6*batch*steps*hidden*hidden' },
  ),
}
