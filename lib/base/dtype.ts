// Element types: their arrays, their names and PyTorch's promotion between them. Nothing here knows a tensor.

import { DTypeError, showValue } from './errors.js'

/** The element types a tensor can have; `bool` lives in a Uint8Array of zeros and ones. */
export type DType = 'float32' | 'float64' | 'int32' | 'uint8' | 'bool'

export type NumberArray = Float32Array | Float64Array | Int32Array | Uint8Array

/** The constructor of a kind of NumberArray. */
export interface ArrayType {
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): NumberArray
  readonly BYTES_PER_ELEMENT: number
}

interface Kind {
  readonly array: ArrayType
  readonly bytes: number
  /** Promotion goes by category first (bool < integer < float), then by rank within it. */
  readonly category: 0 | 1 | 2
  readonly rank: number
}

const kinds: Record<DType, Kind> = {
  bool: { array: Uint8Array, bytes: 1, category: 0, rank: 0 },
  uint8: { array: Uint8Array, bytes: 1, category: 1, rank: 1 },
  int32: { array: Int32Array, bytes: 4, category: 1, rank: 2 },
  float32: { array: Float32Array, bytes: 4, category: 2, rank: 3 },
  float64: { array: Float64Array, bytes: 8, category: 2, rank: 4 },
}

export const dtypes: readonly DType[] = Object.keys(kinds) as DType[]

export const isFloat = (dtype: DType): dtype is 'float32' | 'float64' => kinds[dtype].category === 2
export const bytesOf = (dtype: DType): number => kinds[dtype].bytes
export const arrayOf = (dtype: DType): ArrayType => kinds[dtype].array

const dtypesOfKinds: ReadonlyMap<string | undefined, DType> = new Map([
  ['Float32Array', 'float32'],
  ['Float64Array', 'float64'],
  ['Int32Array', 'int32'],
  ['Uint8Array', 'uint8'],
])

const kindGetter = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)?.get

/** The name of a typed array's kind. It is the same in every realm (Jest, vm contexts), where `instanceof` differs. */
const kindOf = (value: unknown): string | undefined => kindGetter?.call(value)

interface Kinds {
  readonly Float32Array: Float32Array
  readonly Float64Array: Float64Array
  readonly Int32Array: Int32Array
  readonly Uint8Array: Uint8Array
}

/** Whether `value` is a typed array of this kind, of any realm. */
export const isKind = <K extends keyof Kinds>(value: unknown, kind: K): value is Kinds[K] => kindOf(value) === kind

/** The dtype that a typed array's kind stands for; other kinds (BigInt64Array, Int8Array …) have none. */
export function dtypeOfArray(array: ArrayBufferView): DType | undefined {
  return dtypesOfKinds.get(kindOf(array))
}

/** An operand as promotion sees it: a plain number counts less than a 0-d tensor, which counts less than any other. */
export interface Operand {
  readonly dtype: DType
  readonly weight: 0 | 1 | 2
}

const higher = (a: DType, b: DType): DType => (kinds[a].rank >= kinds[b].rank ? a : b)

/**
 * The dtype of a result, by PyTorch's rule (`torch.result_type`): tensors with axes decide together; a 0-d tensor
 * decides only when its category (bool < integer < float) is higher than theirs, a plain number likewise below both.
 */
export function promote(operands: readonly Operand[]): DType {
  let result: DType | undefined
  for (const weight of [2, 1, 0]) {
    let level: DType | undefined
    for (const operand of operands) {
      if (operand.weight === weight) level = level === undefined ? operand.dtype : higher(level, operand.dtype)
    }
    if (level === undefined) continue
    if (result === undefined || kinds[level].category > kinds[result].category) result = level
  }
  return result ?? 'float32'
}

/** @throws DTypeError unless `dtype` is a dtype. */
export function checkDType(op: string, dtype: unknown): asserts dtype is DType {
  if (typeof dtype !== 'string' || !Object.hasOwn(kinds, dtype)) {
    const shown = typeof dtype === 'string' ? dtype.slice(0, 100) : showValue(dtype)
    throw new DTypeError(`${op}: expected a dtype (${dtypes.join(', ')}), got ${shown}`)
  }
}
