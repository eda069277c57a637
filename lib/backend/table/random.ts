// Random numbers: Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011). `state` is
// [key low, key high, counter low, counter high]; a kernel reads it and never changes it. Block i of a call takes the
// 128-bit counter (counter + at + i, 0) and gives four 32-bit words.

import { kernel } from './kernel.js'

export const randomKernels = {
  /**
   * Uniform in [low, high): low + (high − low)·u. float32: u = (word >> 8)·2⁻²⁴, element j of block i from word j.
   * float64: u = ((w₀ >> 5)·2²⁶ + (w₁ >> 6))·2⁻⁵³, two elements a block. The sum is rounded once, to T; a value that
   * rounds up to `high` becomes `low`.
   */
  uniform: kernel('random', 'n:size low:scalar high:scalar at:size state:in<int32>[4] out:out[n]', { exact: true }),
  /**
   * Normal, by Box and Muller, in float64, rounded to T: words (w₀, w₁) give two elements, u = (w₀ + ½)·2⁻³²,
   * v = w₁·2⁻³², r = √(−2 ln u): mean + std·r·cos 2πv, then mean + std·r·sin 2πv; (w₂, w₃) the next two. Four elements
   * a block for both types.
   */
  normal: kernel('random', 'n:size mean:scalar std:scalar at:size state:in<int32>[4] out:out[n]'),
  /**
   * 0 with probability p, else 1/(1 − p): element j of block i from word j, 0 where word < p·2³². p = 1 gives zeros.
   * For both types four elements a block.
   */
  dropoutMask: kernel('random', 'n:size p:scalar at:size state:in<int32>[4] out:out[n]', { exact: true }),
}
