// Converts an op's operands (tensors, numbers, arrays) to tensors of one dtype.

import { isArray } from '../../base/containers.js'
import { type DType, isFloat, type Operand, promote } from '../../base/dtype.js'
import { ArgumentError, DTypeError, IndexError, showShape, showValue } from '../../base/errors.js'
import { isTensor } from '../../core/is-tensor.js'
import { allocateConstant } from '../../core/storage.js'
import { Tensor, type TensorLike } from '../../core/tensor.js'
import type { Values } from '../../core/values.js'
import { readValues } from '../../core/values.js'

/** A 0-d tensor that requires no gradient. */
export function scalar(value: number, dtype: DType): Tensor {
  const storage = allocateConstant(dtype, 1)
  storage.array[0] = dtype === 'bool' ? Number(value !== 0) : value
  return new Tensor({ storage, shape: [], dtype })
}

function plain(op: string, value: Values, dtype?: DType): Tensor {
  const isValues =
    typeof value === 'number' || typeof value === 'boolean' || isArray(value) || ArrayBuffer.isView(value)
  if (!isValues)
    throw new ArgumentError(`${op}: expected a tensor, a number or nested arrays of numbers, got ${showValue(value)}`)
  return new Tensor(readValues(op, value, { dtype }))
}

/** `value` as a tensor; numbers and arrays take `dtype` if it is given. Tensors stay as they are. */
export function asTensor(op: string, value: TensorLike, dtype?: DType): Tensor {
  if (typeof value === 'number') return scalar(value, dtype ?? 'float32')
  return isTensor(value) ? value : plain(op, value, dtype)
}

const isInt32 = (value: number): boolean => value === (value | 0)

/** As promotion sees it: a plain number is an integer if it has no fraction and fits one of ours. */
function operandOf(value: Tensor | number | boolean): Operand {
  if (value instanceof Tensor) return { dtype: value.dtype, weight: value.shape.length === 0 ? 1 : 2 }
  if (typeof value === 'boolean') return { dtype: 'bool', weight: 0 }
  return { dtype: isInt32(value) ? 'int32' : 'float32', weight: 0 }
}

/** The dtype that operands promote to; `floats`: integers become float32. */
function promoted(values: readonly (Tensor | number | boolean)[], floats: boolean): DType {
  const dtype = values.every(value => typeof value === 'number') ? 'float32' : promote(values.map(operandOf))
  return floats && !isFloat(dtype) ? 'float32' : dtype
}

const isPlainNumber = (value: unknown): value is number | boolean =>
  typeof value === 'number' || typeof value === 'boolean'

/** One operand as a tensor; `floats`: integers become float32. */
export function unify1(op: string, a: TensorLike, floats: boolean): Tensor {
  const x = asTensor(op, a)
  return floats && !isFloat(x.dtype) ? x.to('float32') : x
}

/** Two operands as tensors of the dtype they promote to. */
export function unify2(op: string, a: TensorLike, b: TensorLike, floats: boolean): [Tensor, Tensor] {
  if (isTensor(a)) {
    if (isTensor(b) && a.dtype === b.dtype && (!floats || isFloat(a.dtype))) return [a, b]
    if (typeof b === 'number' && isFloat(a.dtype)) return [a, scalar(b, a.dtype)]
  }
  const x = isPlainNumber(a) ? a : asTensor(op, a)
  const y = isPlainNumber(b) ? b : asTensor(op, b)
  const dtype = promoted([x, y], floats)
  const convert = (value: Tensor | number | boolean): Tensor =>
    value instanceof Tensor ? value.to(dtype) : scalar(Number(value), dtype)
  return [convert(x), convert(y)]
}

/** Several tensors of the dtype they promote to. */
export function unifyAll(op: string, values: readonly TensorLike[]): Tensor[] {
  if (!isArray(values) || values.length === 0) {
    throw new ArgumentError(`${op}: expected a non-empty array of tensors, got ${showValue(values)}`)
  }
  const tensors = Array.from(values, value => asTensor(op, value))
  const dtype = promote(tensors.map(operandOf))
  return tensors.map(tensor => tensor.to(dtype))
}

/** Integer positions: an int32 tensor, a uint8 one, or plain integers. @throws DTypeError for floats and bools. */
export function asIds(op: string, what: string, value: TensorLike): Tensor {
  if (!isTensor(value)) {
    // Read as they are, then as float64, which holds every id; an empty list is of no kind.
    const given = asTensor(op, value)
    const exact = ArrayBuffer.isView(value) ? given : asTensor(op, value, 'float64')
    if (given.dtype === 'bool' || (isFloat(exact.dtype) && !exact.storage.array.every(Number.isInteger))) {
      throw new DTypeError(`${op}: expected integer ${what}, got ${showValue(value)}`)
    }
    // A cast would hold them at the bounds of int32, and the error name another id.
    const large = exact.storage.array.find(id => !isInt32(id))
    if (large !== undefined) {
      const position = exact.storage.array.indexOf(large)
      throw new IndexError(`${op}: expected ${what} that fit int32, got ${large} at position ${position}`)
    }
    return exact.to('int32')
  }
  if (value.dtype !== 'int32' && value.dtype !== 'uint8') {
    throw new DTypeError(`${op}: expected int32 ${what}, got ${value.dtype} of shape ${showShape(value.shape)}`)
  }
  return value.to('int32')
}

/** A mask: a bool tensor, a uint8 one (as PyTorch once took), or plain booleans. */
export function asMask(op: string, value: TensorLike): Tensor {
  const mask = asTensor(op, value)
  if (mask.dtype !== 'bool' && mask.dtype !== 'uint8') {
    throw new DTypeError(`${op}: expected a bool mask, got ${mask.dtype} of shape ${showShape(mask.shape)}`)
  }
  return mask
}
