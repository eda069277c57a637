// The network, a step of its training, and its score.

import { compile, data, nn, type optim, type Tensor } from 'blasgrad'
import type { Digits } from './dataset.js'

/** 784 pixels, the hidden layers with ReLU between, 10 logits: one per digit. */
export function createModel(hidden: readonly number[]): nn.Layer {
  const sizes = [784, ...hidden]
  const layers = hidden.flatMap((size, i) => [new nn.Linear(sizes[i], size), new nn.ReLU()])
  return new nn.Sequential(...layers, new nn.Linear(sizes[sizes.length - 1], 10))
}

/**
 * A step: forward, backward, update; gives the loss of the batch before the update. It runs as it is, op by op, or
 * compiled.
 */
export const trainStep =
  (model: nn.Layer, optimizer: optim.Adam) =>
  (x: Tensor, y: Tensor): Tensor => {
    optimizer.zeroGrad()
    const loss = nn.functional.crossEntropy(model.forward(x), y)
    loss.backward()
    optimizer.step()
    return loss
  }

/** A test of the model as it then is: the share of `digits` that it names right. */
export function createTest(model: nn.Layer, digits: Digits): () => Promise<number> {
  const loader = new data.DataLoader(digits, { batchSize: 1000 })
  const count = compile((x: Tensor, y: Tensor) => ({ right: model.forward(x).argmax(1).equal(y).sum() }))
  return async () => {
    const { results } = await count.epoch(loader)
    return results.right.sum().item() / digits.length
  }
}
