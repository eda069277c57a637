// Trains a small causal transformer on characters: token and position embeddings, encoder blocks, a norm, logits. Ids
// follow a formula, since their meaning does not affect speed.

import { arange, manualSeed, nn, optim, type Tensor, tensor } from 'blasgrad'
import { distinctBatches, inputsAndTargets, startTraining } from './training.js'
import type { Started, Workload } from './workloads.js'

export interface CharGptSizes {
  readonly layers: number
  readonly width: number
  readonly heads: number
  readonly context: number
  readonly vocabulary: number
  readonly batch: number
}

const lr = 1e-3

class CharGpt extends nn.Module {
  readonly tokens: nn.Embedding
  readonly positions: nn.Embedding
  readonly blocks: nn.TransformerEncoder
  readonly head: nn.Linear
  readonly places: Tensor

  constructor({ layers, width, heads, context, vocabulary }: CharGptSizes) {
    super()
    this.tokens = new nn.Embedding(vocabulary, width)
    this.positions = new nn.Embedding(context, width)
    const block = new nn.TransformerEncoderLayer(width, heads, {
      dimFeedforward: 4 * width,
      dropout: 0,
      activation: 'gelu',
      batchFirst: true,
      normFirst: true,
    })
    this.blocks = new nn.TransformerEncoder(block, layers, new nn.LayerNorm(width))
    this.head = new nn.Linear(width, vocabulary)
    this.places = this.registerBuffer('places', arange(context, { dtype: 'int32' }), { persistent: false })
  }

  /** Ids [batch, context] to logits [batch, context, vocabulary]. */
  override forward(ids: Tensor): Tensor {
    const x = this.tokens.forward(ids).add(this.positions.forward(this.places))
    return this.head.forward(this.blocks.forward(x, { causal: true }))
  }
}

function start(sizes: CharGptSizes): Started {
  manualSeed(1)
  const { batch, context, vocabulary } = sizes
  const model = new CharGpt(sizes)
  const ids = (from: number): Tensor =>
    tensor(
      Int32Array.from({ length: batch * context }, (_, i) => (i * i + 7 * i + from) % vocabulary),
      { dtype: 'int32', shape: [batch, context] },
    )
  const batches = Array.from({ length: distinctBatches }, (_, i): [Tensor, Tensor] => [ids(2 * i), ids(2 * i + 1)])
  const update = new optim.AdamW(model.parameters(), { lr })
  return startTraining({
    model,
    update,
    batches,
    named: inputsAndTargets(batches),
    loss: (x, y) => nn.functional.crossEntropy(model.forward(x).reshape([-1, vocabulary]), y.reshape([-1])),
  })
}

export const charGptWorkload = (name: string, sizes: CharGptSizes): Workload => ({
  name,
  batch: sizes.batch,
  task: { kind: 'charGpt', ...sizes, optimizer: 'AdamW', lr, batches: distinctBatches },
  start: () => start(sizes),
  large: true,
})
