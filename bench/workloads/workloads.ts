// The workloads: our training step, and the task that describes it to the peers.

import type { Tensor } from 'blasgrad'
import type { Task } from '../peers/pytorch.js'
import { charGptWorkload } from './char-gpt.js'
import { cnnWorkload } from './cnn.js'
import { functionWorkload } from './functions.js'
import { mlpWorkload } from './mlp.js'
import { recsysWorkload } from './recsys.js'

/** A freshly started workload, the same each time. */
export interface Started {
  /** Weights and batches, shared with the peers. */
  readonly tensors: Readonly<Record<string, Tensor>>
  /** One step, to run eager or compiled. */
  readonly step: (...batch: Tensor[]) => Tensor | undefined
  /** The steps' arguments, cyclically. */
  readonly batches: readonly (readonly Tensor[])[]
  /** The value that contestants must agree on, from the last step's result. */
  readonly value: (result: Tensor | undefined) => number
}

export interface Workload {
  readonly name: string
  /** Samples per step. */
  readonly batch: number
  readonly task: Task
  readonly start: () => Started
  /** Too large for the reference backend, and for a smoke run. */
  readonly large?: true
  /** So short that the way of calling matters: also timed awaited and by the epoch. */
  readonly short?: true
}

export const workloads: readonly Workload[] = [
  { ...mlpWorkload('tiny-mlp', [2, 16, 16, 2], 100, 'SGD'), short: true },
  mlpWorkload('small-mlp SGD', [784, 128, 10], 32, 'SGD'),
  mlpWorkload('small-mlp Adam', [784, 128, 10], 32, 'Adam'),
  mlpWorkload('medium-mlp', [784, 512, 512, 10], 128, 'Adam'),
  { ...mlpWorkload('large-mlp', [1024, 4096, 4096, 1024], 256, 'Adam'), large: true },
  recsysWorkload('recsys', { rows: [100_000, 20_000], width: 32, hidden: 64 }, 1024),
  cnnWorkload('cnn', { size: 28, channels: [16, 32], batch: 64 }),
  charGptWorkload('char-gpt', { layers: 4, width: 128, heads: 4, context: 64, vocabulary: 65, batch: 16 }),
  functionWorkload('softmax', x => x.softmax()),
  functionWorkload('chain', x => x.mul(x).add(x).relu().mul(0.5)),
]

/** The workloads of a run: all or the named one, without large ones in a smoke run. */
export const workloadsOf = ({
  smoke,
  workload,
}: {
  readonly smoke: boolean
  readonly workload?: string | undefined
}): Workload[] =>
  workloads.filter(({ name, large }) => (workload === undefined || name === workload) && !(smoke && large))

/** Calls `step` on the batches cyclically. */
export function inTurn<R>(step: (...batch: Tensor[]) => R, batches: Started['batches']): () => R {
  let steps = 0
  return () => step(...batches[steps++ % batches.length])
}
