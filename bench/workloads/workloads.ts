// The workloads that are timed as steps, ours and as the peer is told them. Who is timed is said in steps.ts.

import type { Tensor } from 'blasgrad'
import type { Task } from '../peers/pytorch.js'
import { charGptWorkload } from './char-gpt.js'
import { cnnWorkload } from './cnn.js'
import { functionWorkload } from './functions.js'
import { mlpWorkload } from './mlp.js'
import { recsysWorkload } from './recsys.js'

/** A workload at its beginning, the same each time. */
export interface Started {
  /** What the peer begins with too: weights, batches. */
  readonly tensors: Readonly<Record<string, Tensor>>
  /** One step, to be run eager or compiled. */
  readonly step: (...batch: Tensor[]) => Tensor | undefined
  /** What steps are given, in turn. */
  readonly batches: readonly (readonly Tensor[])[]
  /** What both sides must agree on, from what the last step returned. */
  readonly value: (result: Tensor | undefined) => number
}

export interface Workload {
  readonly name: string
  /** Samples in a step. */
  readonly batch: number
  readonly task: Task
  readonly start: () => Started
  /** Too large for the reference backend, and for a smoke run. */
  readonly large?: true
  /** Short enough that how it is called matters: also timed awaited. */
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

/** Those that a run of the benches is about: all, or the one that is named; in a smoke run no large ones. */
export const workloadsOf = ({
  smoke,
  workload,
}: {
  readonly smoke: boolean
  readonly workload?: string | undefined
}): Workload[] =>
  workloads.filter(({ name, large }) => (workload === undefined || name === workload) && !(smoke && large))

/** `step` on the batches in turn. */
export function inTurn<R>(step: (...batch: Tensor[]) => R, batches: Started['batches']): () => R {
  let steps = 0
  return () => step(...batches[steps++ % batches.length])
}
