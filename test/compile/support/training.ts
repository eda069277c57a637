// A training whose every part shows: Adam, random numbers in the step, samples in an order, a last batch that is smaller.

import type { CompileOptions } from '../../../lib/compile/step.js'
import { compile, data, manualSeed, nn, optim, randn, type Tensor } from '../../../lib/index.js'

export const batchSize = 8

/** `count` points and their classes. */
export function points(count: number): data.TensorDataset<[Tensor, Tensor]> {
  manualSeed(11)
  const x = randn([count, 2])
  return new data.TensorDataset(x, x.mul(x).sum(1).less(1).to('int32'))
}

export const loaderOf = (dataset: data.Dataset<[Tensor, Tensor]>, options: data.LoaderOptions<[Tensor, Tensor]> = {}) =>
  new data.DataLoader(dataset, { batchSize, shuffle: true, seed: 4, ...options })

/** The same training each time: `step` gives the loss. */
export function startTraining(options: CompileOptions = {}) {
  manualSeed(5)
  const model = new nn.Sequential(new nn.Linear(2, 8), new nn.ReLU(), new nn.Linear(8, 2))
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.02 })
  const step = compile((x: Tensor, y: Tensor) => {
    optimizer.zeroGrad()
    const loss = nn.functional.crossEntropy(model.forward(x.add(randn(x.shape).mul(0.1))), y)
    loss.backward()
    optimizer.step()
    return loss
  }, options)
  return { model, optimizer, step, weights: () => model.parameters().map(p => p.toArray()) }
}
