// The network, a step of its training, and its score.

import { data, nn, noGrad, type optim, type Tensor } from 'blasgrad'
import type { Digits } from './dataset.js'

/** 784 pixels, the hidden layers with ReLU between, 10 logits: one per digit. */
export function createModel(hidden: readonly number[]): nn.Layer {
  const sizes = [784, ...hidden]
  const layers = hidden.flatMap((size, i) => [new nn.Linear(sizes[i], size), new nn.ReLU()])
  return new nn.Sequential(...layers, new nn.Linear(sizes[sizes.length - 1], 10))
}

/** One step: forward, backward, update. Returns the loss of the batch before the update. */
export function trainStep(model: nn.Layer, optimizer: optim.Adam, x: Tensor, y: Tensor): number {
  optimizer.zeroGrad()
  const loss = nn.functional.crossEntropy(model.forward(x), y)
  loss.backward()
  optimizer.step()
  return loss.item()
}

/** The share of `digits` that the model names right. */
export function accuracy(model: nn.Layer, digits: Digits): number {
  let right = 0
  noGrad(() => {
    for (const [x, y] of new data.DataLoader(digits, { batchSize: 1000 })) {
      right += model.forward(x).argmax(1).equal(y).sum().item()
    }
  })
  return right / digits.length
}
