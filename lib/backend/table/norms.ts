// Norms over the rows of [rows, n]: layer norm (Ba et al., 2016) and, without the mean, RMS norm (Zhang and Sennrich, 2019).

import { kernel } from './kernel.js'

export const normKernels = {
  /** Layer norm of a [rows, n]: out = (a − mean)·rstd·weight + bias, rstd = 1/√(variance + eps), variance over n. */
  layerNorm: kernel(
    'rowwise',
    'rows:size n:size eps:scalar a:in[rows*n] weight:in[n?] bias:in[n?] out:out[rows*n] mean:out[rows] rstd:out[rows]',
  ),
  /** The gradient for a: rstd·(h − mean(h) − x̂·mean(h·x̂)), h = g·weight, x̂ = (a − mean)·rstd. */
  layerNormBackward: kernel(
    'rowwise',
    'rows:size n:size g:in[rows*n] a:in[rows*n] weight:in[n?] mean:in[rows] rstd:in[rows] out:out[rows*n]',
    { inPlace: ['g'] },
  ),
  /** The gradient for weight: Σ over rows of g·x̂. */
  layerNormWeightBackward: kernel(
    'reduction',
    'rows:size n:size g:in[rows*n] a:in[rows*n] mean:in[rows] rstd:in[rows] out:out[n]',
  ),
  /** RMS norm of a [rows, n]: out = a·rstd·weight, rstd = 1/√(mean of a² + eps). */
  rmsNorm: kernel('rowwise', 'rows:size n:size eps:scalar a:in[rows*n] weight:in[n?] out:out[rows*n] rstd:out[rows]'),
  /** The gradient for a: rstd·(h − x̂·mean(h·x̂)), h = g·weight, x̂ = a·rstd. */
  rmsNormBackward: kernel(
    'rowwise',
    'rows:size n:size g:in[rows*n] a:in[rows*n] weight:in[n?] rstd:in[rows] out:out[rows*n]',
    { inPlace: ['g'] },
  ),
  /** The gradient for weight: Σ over rows of g·x̂. */
  rmsNormWeightBackward: kernel('reduction', 'rows:size n:size g:in[rows*n] a:in[rows*n] rstd:in[rows] out:out[n]'),
}
