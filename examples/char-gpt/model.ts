// The network: predicts the next character.

import { arange, nn, type Tensor } from 'blasgrad'

export interface Sizes {
  readonly vocabulary: number
  readonly context: number
  readonly width: number
  readonly layers: number
  readonly heads: number
  readonly dropout: number
}

/** A causal pre-norm transformer like GPT-2 (Radford et al., 2019). */
export class CharGpt extends nn.Module {
  readonly tokens: nn.Embedding
  readonly positions: nn.Embedding
  readonly drop: nn.Dropout
  readonly blocks: nn.TransformerEncoder
  readonly head: nn.Linear
  readonly places: Tensor

  constructor({ vocabulary, context, width, layers, heads, dropout }: Sizes) {
    super()
    this.tokens = new nn.Embedding(vocabulary, width)
    this.positions = new nn.Embedding(context, width)
    this.drop = new nn.Dropout(dropout)
    const block = new nn.TransformerEncoderLayer(width, heads, {
      dimFeedforward: 4 * width,
      dropout,
      activation: 'gelu',
      batchFirst: true,
      normFirst: true,
    })
    this.blocks = new nn.TransformerEncoder(block, layers, new nn.LayerNorm(width))
    this.head = new nn.Linear(width, vocabulary)
    this.places = this.registerBuffer('places', arange(context, { dtype: 'int32' }), { persistent: false })
    // The encoder clones one block, so each block's weights are drawn anew, all of them small.
    this.apply(module => {
      if (module instanceof nn.Linear || module instanceof nn.Embedding) nn.init.normal(module.weight, 0, 0.02)
      if (module instanceof nn.MultiheadAttention) nn.init.normal(module.inProjWeight, 0, 0.02)
    })
  }

  /** Ids [batch, context] to logits [batch, context, vocabulary]. */
  override forward(ids: Tensor): Tensor {
    const x = this.tokens.forward(ids).add(this.positions.forward(this.places))
    return this.head.forward(this.blocks.forward(this.drop.forward(x), { causal: true }))
  }

  /** The mean cross-entropy of the next characters, in nats per character. */
  loss(x: Tensor, y: Tensor): Tensor {
    const logits = this.forward(x)
    return nn.functional.crossEntropy(logits.reshape([-1, logits.shape[2]]), y.reshape([-1]))
  }
}
