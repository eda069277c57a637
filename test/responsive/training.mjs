// The compiled training step of the scripts in this folder: an MLP with Adam. `name`: the workload.

import { compile, manualSeed, nn, optim, randn, tensor } from 'blasgrad'

const workloads = {
  'medium-mlp': { widths: [784, 512, 512, 10], batch: 128 },
  'large-mlp': { widths: [1024, 4096, 4096, 1024], batch: 256 },
}

/** Gives the step, its batch, and what calls it with that. */
export function startTraining(name) {
  const { widths, batch } = workloads[name]
  manualSeed(1)
  const layers = widths.slice(1).flatMap((width, i) => [new nn.Linear(widths[i], width), new nn.ReLU()])
  const model = new nn.Sequential(...layers.slice(0, -1))
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-4 })
  const step = compile((x, y) => {
    optimizer.zeroGrad()
    const loss = nn.functional.crossEntropy(model.forward(x), y)
    loss.backward()
    optimizer.step()
    return loss
  })
  const x = randn([batch, widths[0]])
  const y = tensor(Int32Array.from({ length: batch }, (_, i) => i % widths[widths.length - 1]))
  return { later: () => step(x, y), now: () => step.sync(x, y) }
}
