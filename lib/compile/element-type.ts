// The type of a value's elements in a program: of a dtype, and of an array.

import type { DType, NumberArray } from '../base/dtype.js'
import type { ElementType } from './program.js'

export const elementTypeOf = (dtype: DType): ElementType => (dtype === 'bool' ? 'uint8' : dtype)

export const elementTypeOfArray = (array: NumberArray): ElementType =>
  array instanceof Float32Array
    ? 'float32'
    : array instanceof Float64Array
      ? 'float64'
      : array instanceof Int32Array
        ? 'int32'
        : 'uint8'
