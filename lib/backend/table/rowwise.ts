// Softmax and cross-entropy: kernels that read a slice along the reduction axis more than once.

import { kernel } from './kernel.js'

const forward = 'outer:size n:size inner:size a:in[outer*n*inner] out:out[outer*n*inner]'
const backward = 'outer:size n:size inner:size g:in[outer*n*inner] y:in[outer*n*inner] out:out[outer*n*inner]'

export const rowwiseKernels = {
  /** Softmax along the middle axis; a row of −∞ only gives NaN, as in PyTorch. */
  softmax: kernel('rowwise', forward, { inPlace: ['a'] }),
  /** out = y·(g − Σ g·y); y = softmax(a). */
  softmaxBackward: kernel('rowwise', backward, { inPlace: ['g', 'y'] }),
  /** a − logsumexp(a) along the middle axis. */
  logSoftmax: kernel('rowwise', forward, { inPlace: ['a'] }),
  /** out = g − eʸ·Σ g; y = logSoftmax(a). */
  logSoftmaxBackward: kernel('rowwise', backward, { inPlace: ['g', 'y'] }),
  /**
   * Cross-entropy of logits a [rows, n] against class ids, a loss a row: with w the class weights (1 where `weight` is
   * empty), s the label smoothing, p = softmax(a), t the row's id:
   * losses = (1−s)·w[t]·(−ln p[t]) + s/n·Σ_c w[c]·(−ln p[c]); weights = w[t]; logSum = ln Σ_c e^(a[c] − the largest).
   * A row whose id is ignoreIndex has loss and weight 0. Exact relative to the loss, however small it is.
   */
  crossEntropy: kernel(
    'rowwise',
    'rows:size n:size ignoreIndex:scalar smoothing:scalar a:in[rows*n] ids:in<int32>[rows] weight:in[n?] losses:out[rows] weights:out[rows] logSum:out[rows] -> index',
  ),
  /** out = the gradient of Σ g·losses with respect to a: g·((1−s)·w[t]·(p − onehot(t)) + s/n·(p·Σw − w)); 0 for an ignored id. */
  crossEntropyBackward: kernel(
    'rowwise',
    'rows:size n:size ignoreIndex:scalar smoothing:scalar g:in[rows] a:in[rows*n] ids:in<int32>[rows] weight:in[n?] logSum:in[rows] out:out[rows*n]',
    { inPlace: ['a'] },
  ),
}
