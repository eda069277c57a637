// Trains and tests a classifier.

import { compile, data, nn, type optim, type Tensor } from 'blasgrad'

/** Samples and their class ids, int32. */
export type Classified = data.TensorDataset<[Tensor, Tensor]>

/**
 * A step: forward, backward, update. Returns the batch's loss before the update. Runs eager or compiled.
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

/** Tests the current model: the accuracy on `samples`. */
export function createTest(model: nn.Layer, samples: Classified): () => Promise<number> {
  const loader = new data.DataLoader(samples, { batchSize: 1000 })
  const count = compile((x: Tensor, y: Tensor) => ({ right: model.forward(x).argmax(1).equal(y).sum() }))
  return async () => {
    const { results } = await count.epoch(loader)
    return results.right.sum().item() / samples.length
  }
}
