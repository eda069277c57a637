// The embedding: a table of vectors, looked up by row.

import type { DType } from '../../base/dtype.js'
import { checkedWhereUsed, checkOptions, type Schema } from '../../base/options.js'
import { checkShape } from '../../base/shape.js'
import { allocateTensor, type Tensor, type TensorLike } from '../../core/tensor.js'
import { embedding, wrapRow } from '../functional/embedding.js'
import { normal } from '../init.js'
import { Module } from '../module.js'
import { checkFloat, checkSize } from '../options.js'
import { Parameter } from '../parameter.js'
import { showSettings } from '../repr.js'

export interface EmbeddingLayerOptions {
  /** A row that starts at 0 and gets no gradient; a negative one counts from the end. */
  readonly paddingIdx?: number
  /** `float32` by default. */
  readonly dtype?: DType
}

const embeddingOptions: Schema<EmbeddingLayerOptions> = { paddingIdx: checkedWhereUsed, dtype: checkedWhereUsed }

/** Row ids of any shape to vectors: [...ids, embeddingDim]; weight [numEmbeddings, embeddingDim]. */
export class Embedding extends Module {
  readonly numEmbeddings: number
  readonly embeddingDim: number
  readonly paddingIdx: number | undefined
  weight: Parameter

  /** The vectors start normal (mean 0, standard deviation 1). */
  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingLayerOptions = {}) {
    super()
    const { paddingIdx, dtype = 'float32' } = checkOptions('Embedding', options, embeddingOptions)
    this.numEmbeddings = checkSize('Embedding', 'numEmbeddings', numEmbeddings)
    this.embeddingDim = checkSize('Embedding', 'embeddingDim', embeddingDim)
    checkFloat('Embedding', dtype)
    checkShape('Embedding', [numEmbeddings, embeddingDim])
    this.paddingIdx = paddingIdx === undefined ? undefined : wrapRow('Embedding', paddingIdx, numEmbeddings)
    this.weight = new Parameter(allocateTensor([numEmbeddings, embeddingDim], dtype))
    this.resetParameters()
  }

  /** Draws the vectors anew. */
  resetParameters(): void {
    normal(this.weight)
    if (this.paddingIdx === undefined) return
    const at = this.paddingIdx * this.embeddingDim
    this.weight.storage.array.fill(0, at, at + this.embeddingDim)
    this.weight.storage.version++
  }

  /** @param ids int32 positions in [0, numEmbeddings). */
  override forward(ids: TensorLike): Tensor {
    return embedding(ids, this.weight, this.paddingIdx === undefined ? {} : { paddingIdx: this.paddingIdx })
  }

  override extraRepr(): string {
    const { numEmbeddings, embeddingDim, paddingIdx } = this
    return showSettings({ numEmbeddings, embeddingDim, ...(paddingIdx === undefined ? {} : { paddingIdx }) })
  }
}
