// Matrix products.

import { kernel } from './kernel.js'

export const matmulKernels = {
  /**
   * out [m, n] = op(a)·op(b) for each point of a batch grid rows × cols; op(a) is [m, k], and a is stored [k, m] where
   * transposeA says so (b: [k, n], stored [n, k]). A layout says over which axes of the grid an operand repeats; where
   * `out` is not full, the products that share an output are added up. k = 0 gives zeros.
   */
  matmul: kernel(
    'product',
    'transposeA:flag transposeB:flag m:size n:size k:size rows:size cols:size aLayout:layout bLayout:layout outLayout:layout a:in[grid(aLayout)*m*k] b:in[grid(bLayout)*k*n] out:out[grid(outLayout)*m*n]',
    { flops: '2*rows*cols*m*n*k' },
  ),
}
