// Matrix products.

import { Layout } from '../../base/layout.js'
import { kernel } from './kernel.js'

const roles = {
  transposeA: 'transposeA',
  transposeB: 'transposeB',
  m: 'm',
  n: 'n',
  k: 'k',
  a: 'a',
  b: 'b',
  out: 'out',
} as const

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
      roles: {
        product: {
          ...roles,
          batchRows: 'rows',
          batchCols: 'cols',
          aLayout: 'aLayout',
          bLayout: 'bLayout',
          outLayout: 'outLayout',
        },
      },
      epilogue: {
        kernel: 'matmulEpilogue',
        steps: [
          { kernel: 'add', role: 'bias', layout: Layout.row },
          { kernel: 'relu', role: 'relu' },
          { kernel: 'reluBackward', role: 'reluMask', layout: Layout.full },
        ],
      },
    },
  ),
  /**
   * matmul of one matrix each with an epilogue. These follow where they are given, in this order, each rounded as by a
   * kernel of its own: `bias` is added to each row, relu, reluBackward with y = reluMask. k = 0 gives zeros before them.
   */
  matmulEpilogue: kernel(
    'product',
    'transposeA:flag transposeB:flag m:size n:size k:size relu:flag a:in[m*k] b:in[k*n] bias:in[n?] reluMask:in[m*n?] out:out[m*n]',
    { flops: '2*m*n*k', roles: { product: { ...roles, bias: 'bias', relu: 'relu', reluMask: 'reluMask' } } },
  ),
}
