// Reductions over the middle axis of [outer, n, inner]; the result is [outer, inner].

import { kernel } from './kernel.js'

const reduce = 'outer:size n:size inner:size a:in[outer*n*inner] out:out[outer*inner]'
const reduceToIndex = 'outer:size n:size inner:size a:in[outer*n*inner] out:out<int32>[outer*inner]'
const reduction = { outer: 'outer', n: 'n', inner: 'inner', input: 'a', output: 'out' } as const
const numbers = { dtypes: 'numbers', flops: 'outer*n*inner' } as const
const combining = { ...numbers, roles: { reduction } } as const
const exact = { ...numbers, exact: true } as const
const extreme = { ...combining, exact: true } as const

export const reductionKernels = {
  /** Sum; 0 over nothing. Integers wrap. */
  sum: kernel('reduction', reduce, combining),
  /** Product; 1 over nothing. Integers wrap. */
  prod: kernel('reduction', reduce, combining),
  /** Largest; NaN if any is. n ≥ 1. */
  max: kernel('reduction', reduce, extreme),
  /** Smallest; NaN if any is. n ≥ 1. */
  min: kernel('reduction', reduce, extreme),
  /** Position of the largest, the first of several; the first NaN counts as largest. n ≥ 1. */
  argmax: kernel('reduction', reduceToIndex, exact),
  /** Position of the smallest, the first of several; the first NaN counts as smallest. n ≥ 1. */
  argmin: kernel('reduction', reduceToIndex, exact),
  /** ln Σ eᵃ, without overflow; −∞ over nothing or where all are −∞, +∞ where any is. */
  logsumexp: kernel('reduction', reduce, { flops: 'outer*n*inner' }),
  /** out = g · the product of all the others along n (right where some are 0); g [outer, inner]. */
  prodBackward: kernel(
    'rowwise',
    'outer:size n:size inner:size g:in[outer*inner] a:in[outer*n*inner] out:out[outer*n*inner]',
  ),
}
