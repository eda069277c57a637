// Root-mean-square norm (Zhang and Sennrich, 2019) over the rows of [rows, n].

import { kernel } from './kernel.js'

export const rmsNormKernels = {
  /** out = a·rstd·weight, rstd = 1/√(mean of a² + eps). */
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
