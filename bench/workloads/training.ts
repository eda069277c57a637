// Makes a workload from a model, an optimizer, batches and a loss.

import { nn, type optim, randn, type Tensor, tensor } from 'blasgrad'
import type { Started } from './workloads.js'

/** Distinct batches of a training; its steps use them cyclically. */
export const distinctBatches = 4

export interface Training {
  readonly model: nn.Module
  readonly update: optim.Optimizer
  readonly batches: readonly (readonly Tensor[])[]
  /** The batches' tensors, by the peers' names. */
  readonly named: readonly (readonly [name: string, tensor: Tensor])[]
  readonly loss: (...batch: Tensor[]) => Tensor
}

/** Inputs and targets, named x0, y0, x1 and so on. */
export const inputsAndTargets = (batches: readonly (readonly [Tensor, Tensor])[]): Training['named'] =>
  batches.flatMap(([x, y], i) => [[`x${i}`, x] as const, [`y${i}`, y] as const])

/** Trains a classifier with cross-entropy on random inputs of a shape, the batch first; class ids follow a formula. */
export function startClassification(
  model: nn.Layer,
  update: optim.Optimizer,
  shape: readonly [batch: number, ...number[]],
  classes: number,
): Started {
  const batches = Array.from({ length: distinctBatches }, (_, start): [Tensor, Tensor] => [
    randn(shape),
    tensor(
      Int32Array.from({ length: shape[0] }, (_, i) => (i * 7 + start) % classes),
      { dtype: 'int32' },
    ),
  ])
  return startTraining({
    model,
    update,
    batches,
    named: inputsAndTargets(batches),
    loss: (x, y) => nn.functional.crossEntropy(model.forward(x), y),
  })
}

export const startTraining = ({ model, update, batches, named, loss }: Training): Started => ({
  tensors: { ...model.stateDict(), ...Object.fromEntries(named) },
  step: (...batch) => {
    update.zeroGrad()
    const result = loss(...batch)
    result.backward()
    update.step()
    return result
  },
  batches,
  value: result => (result === undefined ? Number.NaN : result.item()),
})
