// Dropout as a layer.

import type { Tensor, TensorLike } from '../../core/tensor.js'
import { checkProbability, dropout } from '../../ops/network/dropout.js'
import { Module } from '../module.js'
import { showSettings } from '../repr.js'

/** In training mode, elements are 0 with probability p and the others times 1/(1 − p); x itself in evaluation mode. */
export class Dropout extends Module {
  readonly p: number

  /** @param p in [0, 1]; 0.5 by default. */
  constructor(p = 0.5) {
    super()
    this.p = checkProbability('Dropout', 'p', p)
  }

  override forward(x: TensorLike): Tensor {
    return dropout(x, this.p, this.training)
  }

  override extraRepr(): string {
    return showSettings({ p: this.p })
  }
}
