// What trains and tests a model that gives a logit per class.

import { compile, data, nn, type optim, type Tensor } from 'blasgrad'

/** Samples, and their classes, int32. */
export type Classified = data.TensorDataset<[Tensor, Tensor]>

/**
 * A step: forward, backward, update; gives the loss of the batch before the update. It runs as it is, op by op, or
 * compiled.
 */
export const trainStep =
  (model: nn.Layer, optimizer: optim.Optimizer) =>
  (x: Tensor, y: Tensor): Tensor => {
    optimizer.zeroGrad()
    const loss = nn.functional.crossEntropy(model.forward(x), y)
    loss.backward()
    optimizer.step()
    return loss
  }

/** A test of the model as it then is: the share of `samples` that it names right. */
export function createTest(model: nn.Layer, samples: Classified): () => Promise<number> {
  const loader = new data.DataLoader(samples, { batchSize: 1000 })
  const count = compile((x: Tensor, y: Tensor) => ({ right: model.forward(x).argmax(1).equal(y).sum() }))
  return async () => {
    const { results } = await count.epoch(loader)
    return results.right.sum().item() / samples.length
  }
}
