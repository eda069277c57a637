// A workload that trains a model: what the peer is told of it, and its step.

import type { nn, optim, Tensor } from 'blasgrad'
import type { Started } from './workloads.js'

export interface Training {
  readonly model: nn.Module
  readonly update: optim.Optimizer
  readonly batches: readonly (readonly Tensor[])[]
  /** The batches' tensors, as the peer asks for them. */
  readonly named: readonly (readonly [name: string, tensor: Tensor])[]
  readonly loss: (...batch: Tensor[]) => Tensor
}

/** Inputs and targets, by the names x0, y0, x1 and so on. */
export const inputsAndTargets = (batches: readonly (readonly [Tensor, Tensor])[]): Training['named'] =>
  batches.flatMap(([x, y], i) => [[`x${i}`, x] as const, [`y${i}`, y] as const])

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
