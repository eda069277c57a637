// Kernels that move, cast, fill or look up elements without arithmetic (but for what scatters: repeats add up).

import { kernel } from './kernel.js'

const exact = { dtypes: 'numbers', exact: true } as const
const lookup = { ...exact, roles: { lookup: { table: 'a', rows: 'out' } } } as const

export const movementKernels = {
  /** out = value, converted to T. */
  fill: kernel('movement', 'n:size value:scalar out:out[n]', exact),
  /** out[i] = start + i·step, computed in float64. */
  arange: kernel('movement', 'n:size start:scalar step:scalar out:out[n]', exact),
  /** n points from start to end, both included, the two halves counted from their own end (as PyTorch does). */
  linspace: kernel('movement', 'n:size start:scalar end:scalar out:out[n]', exact),
  /**
   * out = a in another element type. Floats become integers by truncation; beyond the range the nearest bound, NaN 0.
   * `toBool` makes it a ≠ 0 (NaN is true).
   */
  cast: kernel('movement', 'n:size toBool:flag a:in<any>[n] out:out[n]', exact),
  /** out, contiguous = a[at + Σ iᵢ·strideᵢ]; dims: (count, stride) from the outermost axis in, at most 8. */
  stridedRead: kernel('movement', 'at:size dims:sizes a:in[reach(at,dims)] out:out[count(dims)]', exact),
  /** out[at + Σ iᵢ·strideᵢ] = a, contiguous; the rest of `out` stays. dims as above, strides not 0. */
  stridedWrite: kernel('movement', 'at:size dims:sizes a:in[count(dims)] out:inout[reach(at,dims)]', exact),
  /** out [outer, count, inner] = rows `ids` along the middle axis of a [outer, n, inner]. */
  take: kernel(
    'movement',
    'outer:size n:size inner:size count:size a:in[outer*n*inner] ids:in<int32>[count] out:out[outer*count*inner] -> index',
    lookup,
  ),
  /** out [outer, n, inner] = zeros, plus g [outer, count, inner] added to the rows `ids`, in order. */
  takeBackward: kernel(
    'movement',
    'outer:size n:size inner:size count:size g:in[outer*count*inner] ids:in<int32>[count] out:out[outer*n*inner] -> index',
    { ...exact, lists: 'rowLists', roles: { scatter: { outer: 'outer', gradient: 'g' } } },
  ),
  /**
   * Where each of n rows is among `ids`: first[i] is the first position that holds i, −1 where none does; next[j] the
   * next one after j that holds the same, −1 after the last.
   */
  rowLists: kernel(
    'movement',
    'n:size count:size ids:in<int32>[count] first:out<int32>[n] next:out<int32>[count] -> index',
    exact,
  ),
  /** out[o, j, i] = a[o, ids[o, j, i], i]. */
  gather: kernel(
    'movement',
    'outer:size n:size inner:size count:size a:in[outer*n*inner] ids:in<int32>[outer*count*inner] out:out[outer*count*inner] -> index',
    lookup,
  ),
  /** out [outer, n, inner] = zeros, plus g[o, j, i] added at [o, ids[o, j, i], i], in order. */
  gatherBackward: kernel(
    'movement',
    'outer:size n:size inner:size count:size g:in[outer*count*inner] ids:in<int32>[outer*count*inner] out:out[outer*n*inner] -> index',
    exact,
  ),
}
