// The vocabulary in which an op states what it is tested on; test/support/ makes the values.

import type { Tensor } from '../../core/tensor.js'

/** Random values for an op's `samples`; floats require a gradient and have the dtype under test. */
export interface Sampler {
  /** Normal, any sign. */
  real(...shape: number[]): Tensor
  /** Between ½ and 2. */
  positive(...shape: number[]): Tensor
  /** Between 1.1 and 3. */
  aboveOne(...shape: number[]): Tensor
  /** Any sign, at least 0.2 away from 0. */
  nonZero(...shape: number[]): Tensor
  /** All different, at least 0.05 apart, any sign. */
  distinct(...shape: number[]): Tensor
  /** Probabilities: between 0.05 and 0.95. */
  unit(...shape: number[]): Tensor
  /** True and false. */
  mask(...shape: number[]): Tensor
  /** Integers (int32) from 0 to bound − 1. */
  ids(bound: number, ...shape: number[]): Tensor
  /** Floats that require no gradient. */
  constant(...shape: number[]): Tensor
}

/** Kinds of operand of an elementwise op. */
export type Domain = 'real' | 'positive' | 'aboveOne' | 'nonZero' | 'distinct' | 'unit' | 'mask' | 'constant'

/** Shapes for one operand: 0-d, empty, odd, longer than a tile. */
export const unaryShapes: readonly (readonly number[])[] = [[], [0], [3], [2, 0, 3], [5, 7], [2, 3, 4], [300]]

/** Shapes for two: equal, scalar, row, column, outer axes, empty, and lengths that leave a remainder. */
export const binaryShapes: readonly (readonly [readonly number[], readonly number[]])[] = [
  [[3], [3]],
  [[2, 3], []],
  [[], [5]],
  [[4, 3], [3]],
  [
    [4, 3],
    [4, 1],
  ],
  [
    [4, 1],
    [1, 5],
  ],
  [
    [2, 1, 3],
    [1, 4, 1],
  ],
  [
    [2, 1, 3, 1],
    [4, 1, 5],
  ],
  [
    [0, 3],
    [1, 3],
  ],
  [[3, 1], [0]],
  [[3, 130], [130]],
  [
    [2, 257],
    [2, 1],
  ],
]

/** Shapes for three, the first a mask. */
export const ternaryShapes: readonly (readonly [readonly number[], readonly number[], readonly number[]])[] = [
  [[3], [3], [3]],
  [[4, 3], [], [3]],
  [[4, 1], [4, 3], []],
  [[3], [2, 1], [2, 3]],
  [[2, 1, 3], [4, 1], []],
  [[0], [], [1]],
]
