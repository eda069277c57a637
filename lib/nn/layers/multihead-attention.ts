// Multi-head attention (Vaswani et al., "Attention is all you need", 2017).

import type { DType } from '../../base/dtype.js'
import { ArgumentError, ShapeError, showShape } from '../../base/errors.js'
import { checkedWhereUsed, checkOptions, flag, type Schema } from '../../base/options.js'
import { allocateTensor, type Tensor, type TensorLike } from '../../core/tensor.js'
import { linear } from '../../ops/index.js'
import { asTensor } from '../../ops/machinery/operands.js'
import { checkProbability } from '../../ops/network/dropout.js'
import { attendTo, attendToItself, type Projected } from '../functional/heads.js'
import { xavierUniform, zeros } from '../init.js'
import { Module } from '../module.js'
import { checkFloat, checkSize } from '../options.js'
import { Parameter } from '../parameter.js'
import { showSettings } from '../repr.js'
import { torchNames } from '../torch-names.js'
import { Linear } from './linear.js'

export interface MultiheadAttentionOptions {
  /** Whether the projections have biases; true by default. */
  readonly bias?: boolean
  /** With which probability each weight is dropped while training; 0 by default. */
  readonly dropout?: number
  /** Whether inputs are [batch, time, embedDim]; false by default, which is [time, batch, embedDim]. */
  readonly batchFirst?: boolean
  /** `float32` by default. */
  readonly dtype?: DType
}

const attentionOptions: Schema<MultiheadAttentionOptions> = {
  bias: flag,
  dropout: checkedWhereUsed,
  batchFirst: flag,
  dtype: checkedWhereUsed,
}

export interface MultiheadAttentionInputs {
  /** [batch, keys]: true where a key is padding, which is not read; or floats that are added to its scores. */
  readonly keyPaddingMask?: TensorLike | null
  /**
   * [queries, keys] or [batch·heads, queries, keys]: true where a query must not read a key (the other way round than
   * `scaledDotProductAttention` has it; both as in PyTorch); or floats that are added to the scores.
   */
  readonly attnMask?: TensorLike | null
  /** Whether query i reads the keys 0 … i only; false by default. */
  readonly causal?: boolean
}

const inputOptions: Schema<MultiheadAttentionInputs> = {
  keyPaddingMask: checkedWhereUsed,
  attnMask: checkedWhereUsed,
  causal: flag,
}

/**
 * Attention in several heads, each over its own projections of queries, keys and values. State, named as PyTorch's:
 * in_proj_weight [3·embedDim, embedDim] (queries, keys, values), in_proj_bias [3·embedDim], out_proj.weight, out_proj.bias.
 */
export class MultiheadAttention extends Module {
  readonly embedDim: number
  readonly numHeads: number
  readonly dropout: number
  readonly batchFirst: boolean
  inProjWeight: Parameter
  inProjBias: Parameter | null
  outProj: Linear

  /** @param embedDim the width of inputs and output, a multiple of `numHeads`. */
  constructor(embedDim: number, numHeads: number, options: MultiheadAttentionOptions = {}) {
    super()
    const owner = 'MultiheadAttention'
    const checked = checkOptions(owner, options, attentionOptions)
    const { bias = true, dropout = 0, batchFirst = false, dtype = 'float32' } = checked
    this.embedDim = checkSize(owner, 'embedDim', embedDim)
    this.numHeads = checkSize(owner, 'numHeads', numHeads)
    if (numHeads === 0 || embedDim === 0 || embedDim % numHeads !== 0) {
      throw new ArgumentError(
        `${owner}: expected embedDim to be a multiple of numHeads, got ${embedDim} and ${numHeads}`,
      )
    }
    this.dropout = checkProbability(owner, 'dropout', dropout)
    this.batchFirst = batchFirst
    checkFloat(owner, dtype)
    this.inProjWeight = new Parameter(allocateTensor([3 * embedDim, embedDim], dtype))
    this.inProjBias = bias ? new Parameter(allocateTensor([3 * embedDim], dtype)) : null
    this.outProj = new Linear(embedDim, embedDim, { bias, dtype })
    this.resetParameters()
  }

  /** Draws the weights anew, as PyTorch does; biases are 0. */
  resetParameters(): void {
    xavierUniform(this.inProjWeight)
    this.outProj.resetParameters()
    if (this.inProjBias !== null) zeros(this.inProjBias)
    if (this.outProj.bias !== null) zeros(this.outProj.bias)
  }

  /**
   * The attention's output: [batch, queries, embedDim] where `batchFirst`, else [queries, batch, embedDim],
   * or [queries, embedDim] for inputs without a batch. PyTorch's second result, the weights, is never
   * computed. One tensor given for all three is projected by one matrix product.
   */
  override forward(
    query: TensorLike,
    key: TensorLike = query,
    value: TensorLike = key,
    inputs: MultiheadAttentionInputs = {},
  ): Tensor {
    const {
      keyPaddingMask = null,
      attnMask = null,
      causal = false,
    } = checkOptions('MultiheadAttention', inputs, inputOptions)
    const like = this.inProjWeight
    const x = this.asBatch('query', asTensor('MultiheadAttention', query, like.dtype))
    const how = {
      heads: this.numHeads,
      causal,
      keyPaddingMask,
      attnMask,
      dropoutP: this.training ? this.dropout : 0,
    }
    const out = this.attend(x, query, key, value, how)
    return this.asGiven(this.outProj.forward(out), query)
  }

  private attend(x: Tensor, query: TensorLike, key: TensorLike, value: TensorLike, how: Projected): Tensor {
    if (key === query && value === query) {
      return attendToItself(linear(x, this.inProjWeight, this.inProjBias), how)
    }
    const keys = this.asBatch('key', asTensor('MultiheadAttention', key, x.dtype))
    const values = value === key ? keys : this.asBatch('value', asTensor('MultiheadAttention', value, x.dtype))
    const [q, k, v] = [x, keys, values].map((input, i) => this.project(input, i))
    return attendTo(q, k, v, how)
  }

  /** The input as queries, keys or values. */
  private project(input: Tensor, which: number): Tensor {
    const rows: [number, number] = [which * this.embedDim, (which + 1) * this.embedDim]
    return linear(input, this.inProjWeight.slice(rows), this.inProjBias?.slice(rows))
  }

  /** [batch, time, embedDim]. */
  private asBatch(what: string, x: Tensor): Tensor {
    if ((x.ndim !== 2 && x.ndim !== 3) || x.shape[x.ndim - 1] !== this.embedDim) {
      const lead = this.batchFirst ? 'batch, time' : 'time, batch'
      throw new ShapeError(
        `MultiheadAttention: expected ${what} [${lead}, ${this.embedDim}] or [time, ${this.embedDim}], got ${showShape(x.shape)}`,
      )
    }
    if (x.ndim === 2) return x.unsqueeze(0)
    return this.batchFirst ? x : x.transpose(0, 1)
  }

  private asGiven(out: Tensor, query: TensorLike): Tensor {
    const { ndim } = asTensor('MultiheadAttention', query)
    if (ndim === 2) return out.squeeze(0)
    return this.batchFirst ? out : out.transpose(0, 1)
  }

  protected override ownEntries(): Iterable<readonly [unknown, unknown]> {
    return torchNames(super.ownEntries())
  }

  override extraRepr(): string {
    const { embedDim, numHeads, dropout, batchFirst } = this
    return showSettings({ embedDim, numHeads, dropout, batchFirst })
  }
}
