// The transformer's encoder block, and a stack of them.

import type { DType } from '../../base/dtype.js'
import { ArgumentError, showValue } from '../../base/errors.js'
import { checkedWhereUsed, checkOptions, flag, nonNegative, oneOf, type Schema } from '../../base/options.js'
import type { Tensor } from '../../core/tensor.js'
import { gelu, relu } from '../../ops/index.js'
import { checkProbability } from '../../ops/network/dropout.js'
import { Module } from '../module.js'
import { checkFloat, checkSize } from '../options.js'
import { torchNames } from '../torch-names.js'
import { Dropout } from './dropout.js'
import { LayerNorm } from './layer-norm.js'
import { Linear } from './linear.js'
import { MultiheadAttention, type MultiheadAttentionInputs } from './multihead-attention.js'

export interface TransformerEncoderLayerOptions {
  /** The width between the two linear layers; 2048 by default. */
  readonly dimFeedforward?: number
  /** With which probability weights of attention and activations are dropped while training; 0.1 by default. */
  readonly dropout?: number
  /** `relu` by default. */
  readonly activation?: 'relu' | 'gelu'
  /** Added to the variance in the norms; 1e-5 by default. */
  readonly layerNormEps?: number
  /** Whether inputs are [batch, time, dModel]; false by default, which is [time, batch, dModel]. */
  readonly batchFirst?: boolean
  /** Whether a norm comes before attention and before the linear layers, not after them; false by default. */
  readonly normFirst?: boolean
  /** Whether linear layers and norms have biases; true by default. */
  readonly bias?: boolean
  /** `float32` by default. */
  readonly dtype?: DType
}

const layerOptions: Schema<TransformerEncoderLayerOptions> = {
  dimFeedforward: checkedWhereUsed,
  dropout: checkedWhereUsed,
  activation: oneOf('relu', 'gelu'),
  layerNormEps: nonNegative,
  batchFirst: flag,
  normFirst: flag,
  bias: flag,
  dtype: checkedWhereUsed,
}

export interface TransformerInputs {
  /** `attnMask` of MultiheadAttention: true where a query must not read a key, or floats that are added. */
  readonly mask?: MultiheadAttentionInputs['attnMask']
  /** [batch, time]: true where there is padding, which is not read; or floats that are added. */
  readonly srcKeyPaddingMask?: MultiheadAttentionInputs['keyPaddingMask']
  /** Whether each reads what is before it only; false by default. */
  readonly causal?: boolean
}

const inputOptions: Schema<TransformerInputs> = {
  mask: checkedWhereUsed,
  srcKeyPaddingMask: checkedWhereUsed,
  causal: flag,
}

/**
 * Self-attention and two linear layers, each with a residual and a norm, before it or after. Its state has PyTorch's
 * names: self_attn, linear1, linear2, norm1, norm2.
 */
export class TransformerEncoderLayer extends Module {
  readonly activation: 'relu' | 'gelu'
  readonly normFirst: boolean
  selfAttn: MultiheadAttention
  linear1: Linear
  dropout: Dropout
  linear2: Linear
  norm1: LayerNorm
  norm2: LayerNorm
  dropout1: Dropout
  dropout2: Dropout

  /** @param dModel the width of input and output, a multiple of `numHeads`. */
  constructor(dModel: number, numHeads: number, options: TransformerEncoderLayerOptions = {}) {
    super()
    const owner = 'TransformerEncoderLayer'
    const checked = checkOptions(owner, options, layerOptions)
    const { dimFeedforward = 2048, dropout = 0.1, activation = 'relu', layerNormEps: eps = 1e-5 } = checked
    const { batchFirst = false, normFirst = false, bias = true, dtype = 'float32' } = checked
    checkSize(owner, 'dModel', dModel)
    checkSize(owner, 'dimFeedforward', dimFeedforward)
    checkProbability(owner, 'dropout', dropout)
    checkFloat(owner, dtype)
    this.activation = activation
    this.normFirst = normFirst
    this.selfAttn = new MultiheadAttention(dModel, numHeads, { bias, dropout, batchFirst, dtype })
    this.linear1 = new Linear(dModel, dimFeedforward, { bias, dtype })
    this.dropout = new Dropout(dropout)
    this.linear2 = new Linear(dimFeedforward, dModel, { bias, dtype })
    this.norm1 = new LayerNorm(dModel, { eps, bias, dtype })
    this.norm2 = new LayerNorm(dModel, { eps, bias, dtype })
    this.dropout1 = new Dropout(dropout)
    this.dropout2 = new Dropout(dropout)
  }

  /** @param src [time, batch, dModel], [batch, time, dModel] where `batchFirst`, or [time, dModel]; so is the result. */
  override forward(src: Tensor, inputs: TransformerInputs = {}): Tensor {
    checkOptions('TransformerEncoderLayer', inputs, inputOptions)
    if (this.normFirst) {
      const x = src.add(this.attend(this.norm1.forward(src), inputs))
      return x.add(this.feedForward(this.norm2.forward(x)))
    }
    const x = this.norm1.forward(src.add(this.attend(src, inputs)))
    return this.norm2.forward(x.add(this.feedForward(x)))
  }

  private attend(x: Tensor, { mask = null, srcKeyPaddingMask = null, causal = false }: TransformerInputs): Tensor {
    const inputs = { attnMask: mask, keyPaddingMask: srcKeyPaddingMask, causal }
    return this.dropout1.forward(this.selfAttn.forward(x, x, x, inputs))
  }

  private feedForward(x: Tensor): Tensor {
    const inner = this.linear1.forward(x)
    const active = this.activation === 'gelu' ? gelu(inner) : relu(inner)
    return this.dropout2.forward(this.linear2.forward(this.dropout.forward(active)))
  }

  protected override ownEntries(): Iterable<readonly [unknown, unknown]> {
    return torchNames(super.ownEntries())
  }
}

/** A stack of encoder blocks: `numLayers` copies of one, and a norm at the end if one is given. */
export class TransformerEncoder extends Module {
  layers: TransformerEncoderLayer[]
  norm: LayerNorm | null

  /** @param layer is copied; its copies begin with its weights, as PyTorch's do. */
  constructor(layer: TransformerEncoderLayer, numLayers: number, norm: LayerNorm | null = null) {
    super()
    if (!(layer instanceof TransformerEncoderLayer)) {
      throw new ArgumentError(`TransformerEncoder: expected a TransformerEncoderLayer, got ${showValue(layer)}`)
    }
    checkSize('TransformerEncoder', 'numLayers', numLayers)
    this.layers = Array.from({ length: numLayers }, () => layer.clone())
    this.norm = norm
  }

  /** As a layer's `forward`. */
  override forward(src: Tensor, inputs: TransformerInputs = {}): Tensor {
    const out = this.layers.reduce((x, layer) => layer.forward(x, inputs), src)
    return this.norm === null ? out : this.norm.forward(out)
  }
}
