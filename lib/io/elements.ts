// The element types of safetensors, each with the dtype it is loaded as. Only those that a dtype of ours is saved as are
// written.

import type { DType, NumberArray } from '../base/dtype.js'
import { FormatError } from '../base/errors.js'

/** The element at byte `at` as a number. */
type Read = (view: DataView, at: number) => number

export interface ElementType {
  readonly bytes: number
  readonly dtype: DType
  /** Absent where the bytes are the dtype's own. */
  readonly read?: Read
}

/** Half precision from its bits: 1 sign, 5 exponent (bias 15), 10 fraction. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

const scratch = new DataView(new ArrayBuffer(4))

/** bfloat16 is the upper half of a float32. */
function brain(bits: number): number {
  scratch.setUint32(0, bits << 16)
  return scratch.getFloat32(0)
}

/** In the order in which the reference implementation ranks them, which is that of its files. */
export const elementTypes: ReadonlyMap<string, ElementType> = new Map<string, ElementType>([
  ['BOOL', { bytes: 1, dtype: 'bool', read: (view, at) => (view.getUint8(at) === 0 ? 0 : 1) }],
  ['U8', { bytes: 1, dtype: 'uint8' }],
  ['I8', { bytes: 1, dtype: 'int32', read: (view, at) => view.getInt8(at) }],
  ['I16', { bytes: 2, dtype: 'int32', read: (view, at) => view.getInt16(at, true) }],
  ['U16', { bytes: 2, dtype: 'int32', read: (view, at) => view.getUint16(at, true) }],
  ['F16', { bytes: 2, dtype: 'float32', read: (view, at) => half(view.getUint16(at, true)) }],
  ['BF16', { bytes: 2, dtype: 'float32', read: (view, at) => brain(view.getUint16(at, true)) }],
  ['I32', { bytes: 4, dtype: 'int32' }],
  ['U32', { bytes: 4, dtype: 'int32', read: (view, at) => view.getUint32(at, true) }],
  ['F32', { bytes: 4, dtype: 'float32' }],
  ['F64', { bytes: 8, dtype: 'float64' }],
  ['I64', { bytes: 8, dtype: 'int32', read: (view, at) => Number(view.getBigInt64(at, true)) }],
  ['U64', { bytes: 8, dtype: 'int32', read: (view, at) => Number(view.getBigUint64(at, true)) }],
])

const savedAs: Readonly<Record<DType, string>> = {
  bool: 'BOOL',
  uint8: 'U8',
  int32: 'I32',
  float32: 'F32',
  float64: 'F64',
}

/** The name of the element type that `dtype` is written as. */
export const elementTypeOf = (dtype: DType): string => savedAs[dtype]

/** Where files put it: wide types first, as the reference implementation does, so that every tensor is aligned. */
export const rankOf = (dtype: DType): number => [...elementTypes.keys()].indexOf(savedAs[dtype])

/**
 * The dtype for the elements in `bytes`, of the element type `name`: its own, but float64 where an integer does not fit int32.
 * @throws FormatError for an integer that float64 does not have either, naming it and its place.
 */
export function dtypeFor(
  where: string,
  name: string,
  bytes: Uint8Array,
  { dtype, read, bytes: step }: ElementType,
): DType {
  if (read === undefined || dtype !== 'int32' || step < 4) return dtype
  const view = viewOf(bytes)
  let found = dtype as DType
  for (let at = 0; at < bytes.length; at += step) {
    const value = read(view, at)
    if (value === (value | 0)) continue
    if (!Number.isSafeInteger(value)) {
      throw new FormatError(
        `${where}: expected ${name} values of at most 2⁵³ − 1, got ${value} at ${at / step}; ` +
          'the option names loads the other tensors without it',
      )
    }
    found = 'float64'
  }
  return found
}

/** Converts the elements in `bytes` into `out`. */
export function convertElements(bytes: Uint8Array, out: NumberArray, read: Read): void {
  const view = viewOf(bytes)
  const step = bytes.length / out.length
  for (let i = 0; i < out.length; i++) out[i] = read(view, i * step)
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength)
