// One optimizer step over one parameter, in one pass. The hyper-parameters are an array, so that a recorded step sees
// a change of them; they stay float64 whatever the parameter is. Denormal results become 0.

import { kernel } from './kernel.js'

const sgdSettings = [[1e-3, 0.1], [0.9], [0, 0.01], [0, 1]]
const adamSettings = [[1e-3], [0.9], [0.999], [1e-8], [0, 0.01], [0, 1]]
const roles = { update: { gradient: 'g' } } as const

export const optimizerKernels = {
  /**
   * hyper = [lr, momentum, weightDecay, nesterov (0 or 1)]. g += weightDecay·param; with momentum (velocity not empty):
   * velocity = momentum·velocity + g, and g = nesterov ? g + momentum·velocity : velocity. param −= lr·g.
   */
  sgd: kernel('optimizer', 'n:size hyper:in<float64>[4] g:in[n] param:inout[n] velocity:inout[n?]', {
    rowSparse: 'sgdRows',
    roles,
    settings: sgdSettings,
  }),
  /**
   * Adam (Kingma and Ba, 2015). hyper = [lr, beta1, beta2, eps, weightDecay, decoupled (0 or 1: AdamW)];
   * step = [t], t ≥ 1 this step's number. Decoupled: param −= lr·weightDecay·param; else g += weightDecay·param.
   * m = β₁m + (1−β₁)g; v = β₂v + (1−β₂)g²; param −= lr/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + eps).
   */
  adam: kernel(
    'optimizer',
    'n:size hyper:in<float64>[6] step:in<float64>[1] g:in[n] param:inout[n] m:inout[n] v:inout[n]',
    { rowSparse: 'adamRows', roles, settings: adamSettings },
  ),
  /**
   * sgd of a parameter [n, inner] whose gradient is zeros with rows of g [count, inner] added: to row i those at
   * first[i], next[first[i]] and so on, in this order (see rowLists). A list's positions ascend and are below count; it
   * ends where they do not. What a gradient of zeros leaves as it is need not be read whole.
   */
  sgdRows: kernel(
    'optimizer',
    'n:size inner:size count:size hyper:in<float64>[4] g:in[count*inner] first:in<int32>[n] next:in<int32>[count] param:inout[n*inner] velocity:inout[n*inner?]',
    { settings: sgdSettings },
  ),
  /**
   * adam, likewise: each row is updated, also where the gradient is 0. Without decay, with β₁ ≤ √β₂ and
   * eps ≥ 2³⁰·√(the smallest normal number), elements of rows that no list names rest where v is 0: they are left as
   * they are. There m is 0 too, unless all gradients were below 1e-17 (in float32), so that their squares were lost in
   * v: adam would go on to move param by lr·m/eps.
   */
  adamRows: kernel(
    'optimizer',
    'n:size inner:size count:size hyper:in<float64>[6] step:in<float64>[1] g:in[count*inner] first:in<int32>[n] next:in<int32>[count] param:inout[n*inner] m:inout[n*inner] v:inout[n*inner]',
    { settings: adamSettings },
  ),
}
