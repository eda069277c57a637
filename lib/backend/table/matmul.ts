// Matrix products.

import { Layout } from '../../base/layout.js'
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
    {
      flops: '2*rows*cols*m*n*k',
      ending: {
        kernel: 'matmulThen',
        steps: [
          { kernel: 'add', argument: 'bias', layout: Layout.row },
          { kernel: 'relu', argument: 'rectify' },
          { kernel: 'reluBackward', argument: 'gate', layout: Layout.full },
        ],
      },
    },
  ),
  /**
   * matmul of one matrix each, and then, where they are given, in this order and rounded as by kernels of their own: the
   * row `bias` is added to each row, relu, and reluBackward with y = gate. k = 0 gives zeros to go on with.
   */
  matmulThen: kernel(
    'product',
    'transposeA:flag transposeB:flag m:size n:size k:size rectify:flag a:in[m*k] b:in[k*n] bias:in[n?] gate:in[m*n?] out:out[m*n]',
    { flops: '2*m*n*k' },
  ),
}
