// One optimizer step over one parameter, in one pass. The hyper-parameters are an array, so that a recorded step sees
// a change of them; they stay float64 whatever the parameter is. Denormal results become 0.

import { kernel } from './kernel.js'

export const optimizerKernels = {
  /**
   * hyper = [lr, momentum, weightDecay, nesterov (0 or 1)]. g += weightDecay·param; with momentum (velocity not empty):
   * velocity = momentum·velocity + g, and g = nesterov ? g + momentum·velocity : velocity. param −= lr·g.
   */
  sgd: kernel('optimizer', 'n:size hyper:in<float64>[4] g:in[n] param:inout[n] velocity:inout[n?]'),
  /**
   * Adam (Kingma and Ba, 2015). hyper = [lr, beta1, beta2, eps, weightDecay, decoupled (0 or 1: AdamW)];
   * step = [t], t ≥ 1 this step's number. Decoupled: param −= lr·weightDecay·param; else g += weightDecay·param.
   * m = β₁m + (1−β₁)g; v = β₂v + (1−β₂)g²; param −= lr/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + eps).
   */
  adam: kernel(
    'optimizer',
    'n:size hyper:in<float64>[6] step:in<float64>[1] g:in[n] param:inout[n] m:inout[n] v:inout[n]',
  ),
}
