// Checks of the arguments of layers' constructors.

import { checkDType, type DType, isFloat } from '../base/dtype.js'
import { ArgumentError, DTypeError, showValue } from '../base/errors.js'
import { checkShape, type Shape } from '../base/shape.js'

/** @throws ArgumentError unless `value` is a whole number, 0 or more. */
export function checkSize(owner: string, name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new ArgumentError(`${owner}: expected ${name} to be a whole number, 0 or more, got ${showValue(value)}`)
}

/** @throws DTypeError unless `dtype` is one that parameters can have. */
export function checkFloat(owner: string, dtype: DType): DType {
  checkDType(owner, dtype)
  if (isFloat(dtype)) return dtype
  throw new DTypeError(`${owner}: expected float32 or float64, got ${dtype}`)
}

/** The lengths of the last axes that a norm goes over, given as a list or as the length of the last one. */
export function checkNormalizedShape(owner: string, given: number | readonly number[]): Shape {
  const shape = typeof given === 'number' ? [given] : given
  checkShape(owner, shape)
  if (shape.length === 0) throw new ArgumentError(`${owner}: expected at least one axis, got []`)
  return [...shape]
}
