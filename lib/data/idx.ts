// IDX, the format of the MNIST files (http://yann.lecun.com/exdb/mnist/): two zero bytes, a type code, the number of
// axes, a big-endian 32-bit length for each axis, then the elements, big-endian.

import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import type { DType } from '../base/dtype.js'
import { ArgumentError, FormatError, showShape, showValue } from '../base/errors.js'
import { maxSize, sizeOf } from '../base/shape.js'
import { Tensor } from '../core/tensor.js'

interface ElementType {
  readonly name: string
  readonly bytes: number
  readonly dtype: DType
  read(view: DataView, at: number): number
}

const elementTypes: ReadonlyMap<number, ElementType> = new Map([
  [0x08, { name: 'unsigned byte', bytes: 1, dtype: 'uint8', read: (view, at) => view.getUint8(at) }],
  [0x09, { name: 'signed byte', bytes: 1, dtype: 'int32', read: (view, at) => view.getInt8(at) }],
  [0x0b, { name: 'short', bytes: 2, dtype: 'int32', read: (view, at) => view.getInt16(at) }],
  [0x0c, { name: 'int', bytes: 4, dtype: 'int32', read: (view, at) => view.getInt32(at) }],
  [0x0d, { name: 'float', bytes: 4, dtype: 'float32', read: (view, at) => view.getFloat32(at) }],
  [0x0e, { name: 'double', bytes: 8, dtype: 'float64', read: (view, at) => view.getFloat64(at) }],
])

/**
 * Reads an IDX file, gzipped or not: unsigned bytes become uint8; signed bytes, shorts and ints int32; floats float32;
 * doubles float64.
 * @param source the file's path, or its bytes.
 * @throws FormatError for a file that is not IDX, too short or too long.
 */
export function readIdx(source: string | URL | Uint8Array): Tensor {
  const name = source instanceof Uint8Array ? '' : ` ${String(source)}:`
  const bytes = unzipped(name, source instanceof Uint8Array ? source : readBytes(source))
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 4) throw new FormatError(`readIdx:${name} expected at least 4 bytes, got ${bytes.length}`)
  const type = elementTypes.get(bytes[2])
  if (bytes[0] !== 0 || bytes[1] !== 0 || type === undefined) {
    throw new FormatError(`readIdx:${name} expected a magic number 00 00 08…0e NN, got ${hex(bytes.subarray(0, 4))}`)
  }
  const ndim = bytes[3]
  const start = 4 + 4 * ndim
  if (bytes.length < start) {
    throw new FormatError(`readIdx:${name} expected a header of ${start} bytes for ${ndim} axes, got ${bytes.length}`)
  }
  const shape = Array.from({ length: ndim }, (_, axis) => view.getUint32(4 + 4 * axis))
  const size = sizeOf(shape)
  if (size > maxSize || shape.some(n => n > maxSize)) {
    throw new FormatError(`readIdx:${name} expected at most ${maxSize} elements, got shape ${showShape(shape)}`)
  }
  if (bytes.length !== start + size * type.bytes) {
    const expected = `${start + size * type.bytes} bytes for shape ${showShape(shape)} of type ${type.name}`
    throw new FormatError(`readIdx:${name} expected ${expected}, got ${bytes.length}`)
  }
  return readElements(bytes.subarray(start), type, shape)
}

function readElements(bytes: Uint8Array, type: ElementType, shape: readonly number[]): Tensor {
  const tensor = Tensor.allocate(shape, type.dtype)
  const { array } = tensor.storage
  if (type.dtype === 'uint8') {
    array.set(bytes)
    return tensor
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let i = 0; i < array.length; i++) array[i] = type.read(view, i * type.bytes)
  return tensor
}

function readBytes(path: string | URL): Uint8Array {
  if (typeof path === 'string' || path instanceof URL) return readFileSync(path)
  throw new ArgumentError(`readIdx: expected a path or a Uint8Array, got ${showValue(path)}`)
}

/** Gzip is known by its first two bytes, which no IDX file begins with. */
function unzipped(name: string, bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes
  try {
    return gunzipSync(bytes)
  } catch (error) {
    throw new FormatError(`readIdx:${name} expected whole gzip data, got: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join(' ')
