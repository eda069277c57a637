// Trains a recommender: concatenated rows of embedding tables, linear layers with ReLU, sigmoid cross-entropy. Ids and
// labels are random.

import { concat, manualSeed, nn, optim, rand, type Tensor, tensor } from 'blasgrad'
import { distinctBatches, startTraining } from './training.js'
import type { Started, Workload } from './workloads.js'

const lr = 1e-3

/** Sizes of a recommender: rows of each table, embedding width, hidden units. */
export interface Sizes {
  readonly rows: readonly number[]
  readonly width: number
  readonly hidden: number
}

class Recommender extends nn.Module {
  readonly tables: readonly nn.Embedding[]
  readonly tower: nn.Sequential<readonly nn.Layer[]>

  constructor({ rows, width, hidden }: Sizes) {
    super()
    this.tables = rows.map(count => new nn.Embedding(count, width))
    this.tower = new nn.Sequential(new nn.Linear(rows.length * width, hidden), new nn.ReLU(), new nn.Linear(hidden, 1))
  }

  /** Ids [batch] for each table, to logits [batch]. */
  override forward(...ids: Tensor[]): Tensor {
    const vectors = ids.map((each, i) => this.tables[i].forward(each))
    return this.tower.forward(concat(vectors, 1)).squeeze(1)
  }
}

function start(sizes: Sizes, batch: number): Started {
  manualSeed(1)
  const model = new Recommender(sizes)
  const update = new optim.Adam(model.parameters(), { lr })
  const idsBelow = (limit: number): Tensor =>
    tensor(Int32Array.from(rand([batch]).data, part => Math.min(limit - 1, Math.floor(part * limit))))
  const batches = Array.from({ length: distinctBatches }, () => [
    ...sizes.rows.map(idsBelow),
    rand([batch]).less(0.5).to('float32'),
  ])
  const named = batches.flatMap((tensors, i) =>
    tensors.map((each, j): [string, Tensor] => [j < sizes.rows.length ? `ids${i}.${j}` : `y${i}`, each]),
  )
  return startTraining({
    model,
    update,
    batches,
    named,
    loss: (...given) => {
      const logits = model.forward(...given.slice(0, -1))
      return nn.functional.binaryCrossEntropyWithLogits(logits, given[given.length - 1])
    },
  })
}

export const recsysWorkload = (name: string, sizes: Sizes, batch: number): Workload => ({
  name,
  batch,
  task: { kind: 'recsys', ...sizes, lr, batches: distinctBatches },
  start: () => start(sizes, batch),
})
