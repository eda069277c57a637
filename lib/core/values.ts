// Reads a tensor's values (numbers, nested arrays, typed arrays) into one typed array.

import { isArray } from '../base/containers.js'
import { arrayOf, checkDType, type DType, dtypeOfArray, type NumberArray } from '../base/dtype.js'
import { ArgumentError, DTypeError, ShapeError, showShape, showValue } from '../base/errors.js'
import { checkShape, maxRank, type Shape, sizeOf } from '../base/shape.js'
import { allocateConstant, type Storage } from './storage.js'

export type NestedArray = readonly (number | boolean | NestedArray)[]
export type Values = number | boolean | NestedArray | ArrayBufferView

export interface ValueOptions {
  /** The shape; by default that of the nesting, or one axis for a typed array. */
  readonly shape?: readonly number[] | undefined
  /** The dtype; by default a typed array's own kind, bool where all are booleans, else float32. */
  readonly dtype?: DType | undefined
}

const integerBounds = { int32: [-2147483648, 2147483647], uint8: [0, 255] } as const

/** Copies `values` into new memory. @throws ShapeError for ragged nesting or a shape of another size. */
export function readValues(
  op: string,
  values: Values,
  options: ValueOptions,
): { storage: Storage; shape: Shape; dtype: DType } {
  if (options.dtype !== undefined) checkDType(op, options.dtype)
  if (options.shape !== undefined) checkShape(op, options.shape)
  const found = ArrayBuffer.isView(values) ? ofTypedArray(op, values) : ofNested(op, values)
  const dtype = options.dtype ?? found.dtype
  const shape = [...(options.shape ?? found.shape)]
  if (sizeOf(shape) !== found.size) {
    throw new ShapeError(`${op}: expected ${sizeOf(shape)} values for shape ${showShape(shape)}, got ${found.size}`)
  }
  const storage = allocateConstant(dtype, found.size)
  found.copyTo(storage.array, dtype)
  return { storage, shape, dtype }
}

interface Found {
  readonly shape: Shape
  readonly size: number
  readonly dtype: DType
  copyTo(out: NumberArray, dtype: DType): void
}

function ofTypedArray(op: string, values: ArrayBufferView): Found {
  const dtype = dtypeOfArray(values)
  if (dtype === undefined) {
    throw new DTypeError(
      `${op}: expected a Float32Array, Float64Array, Int32Array or Uint8Array, got ${showValue(values)}`,
    )
  }
  const array = values as NumberArray
  return {
    shape: [array.length],
    size: array.length,
    dtype,
    copyTo: (out, to) => {
      if (to === dtype) out.set(array)
      else for (let i = 0; i < array.length; i++) out[i] = convert(op, array[i], to)
    },
  }
}

function ofNested(op: string, values: number | boolean | NestedArray): Found {
  const shape: number[] = []
  let first: unknown = values
  while (isArray(first)) {
    if (shape.push(first.length) > maxRank) {
      throw new ShapeError(`${op}: expected arrays nested at most ${maxRank} deep, got more`)
    }
    first = first[0]
  }
  const size = sizeOf(shape)
  checkShape(op, shape)
  return {
    shape,
    size,
    dtype: typeof first === 'boolean' && areBooleans(values) ? 'bool' : 'float32',
    copyTo: (out, to) => {
      let at = 0
      const copy = (value: unknown, depth: number): void => {
        if (typeof value === 'object' && isArray(value)) {
          if (depth >= shape.length || value.length !== shape[depth]) throw raggedError(op, shape, depth, value)
          for (const element of value) copy(element, depth + 1)
        } else if (depth !== shape.length) {
          throw raggedError(op, shape, depth, value)
        } else if (typeof value === 'number' || typeof value === 'boolean') {
          out[at++] = convert(op, Number(value), to)
        } else {
          throw new ArgumentError(`${op}: expected numbers or booleans, got ${showValue(value)}`)
        }
      }
      copy(values, 0)
    },
  }
}

const areBooleans = (values: unknown): boolean =>
  isArray(values) ? values.every(areBooleans) : typeof values === 'boolean'

function raggedError(op: string, shape: Shape, depth: number, value: unknown): ShapeError {
  const got = isArray(value) ? `an array of ${value.length}` : showValue(value)
  const expected = depth < shape.length ? `an array of ${shape[depth]}` : 'a number'
  return new ShapeError(`${op}: nested arrays are ragged: expected ${expected} at depth ${depth}, got ${got}`)
}

/**
 * Converts a number to an element: integers are truncated, bool is 1 unless 0.
 * @throws ArgumentError for a number that the integers do not have.
 */
export function convert(op: string, value: number, dtype: DType): number {
  if (dtype === 'bool') return value !== 0 ? 1 : 0
  if (dtype !== 'int32' && dtype !== 'uint8') return value
  const whole = Math.trunc(value)
  const [least, most] = integerBounds[dtype]
  if (whole >= least && whole <= most) return whole
  throw new ArgumentError(
    `${op}: expected ${dtype} values from ${least} to ${most}, got ${value}; dtype 'float64' holds integers up to 2⁵³`,
  )
}

/** `array` as nested JavaScript arrays of `shape`; booleans for bool. */
export function toNested(array: NumberArray, shape: Shape, dtype: DType): number | boolean | NestedArray {
  let at = 0
  const read = (depth: number): number | boolean | NestedArray => {
    if (depth === shape.length) {
      const value = array[at++]
      return dtype === 'bool' ? value !== 0 : value
    }
    return Array.from({ length: shape[depth] }, () => read(depth + 1))
  }
  return read(0)
}

/** @throws ArgumentError for NaN and infinities, of which JSON makes null. */
export function checkFinite(op: string, array: NumberArray): void {
  const at = array.findIndex(value => !Number.isFinite(value))
  if (at === -1) return
  throw new ArgumentError(
    `${op}: expected finite elements, which JSON has, got ${array[at]} at ${at}: use io.encodeSafetensors`,
  )
}

/** An array without elements, for an optional kernel argument. */
export const emptyArray = (dtype: DType): NumberArray => new (arrayOf(dtype))(new ArrayBuffer(0))
