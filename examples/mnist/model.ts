// The multilayer perceptron.

import { nn } from 'blasgrad'

/** 784 pixels, hidden layers with ReLU, 10 logits, one per digit. */
export function createModel(hidden: readonly number[]): nn.Layer {
  const sizes = [784, ...hidden]
  const layers = hidden.flatMap((size, i) => [new nn.Linear(sizes[i], size), new nn.ReLU()])
  return new nn.Sequential(...layers, new nn.Linear(sizes[sizes.length - 1], 10))
}
