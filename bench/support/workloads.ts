// The training workloads: networks, batches and optimizers, and one step of each. Who is timed is said in steps.ts.

import { manualSeed, nn, optim, randn, type Tensor, tensor } from 'blasgrad'

export interface Workload {
  readonly name: string
  /** Sizes of the layers, from the inputs to the classes; ReLU between. */
  readonly layers: readonly number[]
  readonly batch: number
  readonly optimizer: 'SGD' | 'Adam'
  /** Too large for the reference backend, and for a smoke run. */
  readonly large?: true
}

export const workloads: readonly Workload[] = [
  { name: 'tiny-mlp', layers: [2, 16, 16, 2], batch: 100, optimizer: 'SGD' },
  { name: 'small-mlp SGD', layers: [784, 128, 10], batch: 32, optimizer: 'SGD' },
  { name: 'small-mlp Adam', layers: [784, 128, 10], batch: 32, optimizer: 'Adam' },
  { name: 'medium-mlp', layers: [784, 512, 512, 10], batch: 128, optimizer: 'Adam' },
  { name: 'large-mlp', layers: [1024, 4096, 4096, 1024], batch: 256, optimizer: 'Adam', large: true },
]

/** Batches that a training goes through in turn. */
const distinctBatches = 4

/** Starts a training, the same each time it is called, and gives its step, which returns the loss before the update. */
export function startTraining({ layers, batch, optimizer }: Workload): () => Tensor {
  manualSeed(1)
  const model = new nn.Sequential(
    ...layers.slice(1).flatMap((size, i): nn.Layer[] => {
      const linear = new nn.Linear(layers[i], size)
      return i === layers.length - 2 ? [linear] : [linear, new nn.ReLU()]
    }),
  )
  const classes = layers[layers.length - 1]
  const batches = Array.from({ length: distinctBatches }, (_, start) => ({
    x: randn([batch, layers[0]]),
    y: tensor(
      Int32Array.from({ length: batch }, (_, i) => (i * 7 + start) % classes),
      { dtype: 'int32' },
    ),
  }))
  const params = model.parameters()
  const update = optimizer === 'Adam' ? new optim.Adam(params) : new optim.SGD(params, { lr: 0.1 })
  let steps = 0
  return () => {
    const { x, y } = batches[steps++ % distinctBatches]
    update.zeroGrad()
    const loss = nn.functional.crossEntropy(model.forward(x), y)
    loss.backward()
    update.step()
    return loss
  }
}
