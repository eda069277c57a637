// IDX, the format of the MNIST files (http://yann.lecun.com/exdb/mnist/): two zero bytes, a type code, the number of
// axes, a big-endian 32-bit length for each axis, then the elements, big-endian.

import { readFileSync } from 'node:fs'
import { constants, gunzipSync } from 'node:zlib'
import { type DType, isKind } from '../base/dtype.js'
import { FormatError, showShape } from '../base/errors.js'
import { readingFile, showPath } from '../base/files.js'
import { maxRank, maxSize, sizeOf } from '../base/shape.js'
import { allocateTensor, type Tensor } from '../core/tensor.js'

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
 * @throws FormatError for a file that is not IDX, too short or too long; FileError if the file cannot be read.
 */
export function readIdx(source: string | URL | Uint8Array): Tensor {
  const isBytes = isKind(source, 'Uint8Array')
  const name = isBytes ? '' : ` ${showPath(source as string)}:`
  const packed = isBytes ? source : readingFile('readIdx', source, file => readFileSync(file))
  const { type, shape, start, end } = readHeader(name, beginning(name, packed))
  const bytes = unpacked(name, packed, end)
  if (bytes?.length !== end) {
    const expected = `${end} bytes for shape ${showShape(shape)} of type ${type.name}`
    throw new FormatError(`readIdx:${name} expected ${expected}, got ${bytes?.length ?? 'more'}`)
  }
  return readElements(bytes.subarray(start), type, shape)
}

interface Header {
  readonly type: ElementType
  readonly shape: readonly number[]
  /** Where the elements begin, and where the file must end. */
  readonly start: number
  readonly end: number
}

function readHeader(name: string, bytes: Uint8Array): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 4) throw new FormatError(`readIdx:${name} expected at least 4 bytes, got ${bytes.length}`)
  const type = elementTypes.get(bytes[2])
  if (bytes[0] !== 0 || bytes[1] !== 0 || type === undefined) {
    throw new FormatError(`readIdx:${name} expected a magic number 00 00 08…0e NN, got ${hex(bytes.subarray(0, 4))}`)
  }
  const ndim = bytes[3]
  if (ndim > maxRank) throw new FormatError(`readIdx:${name} expected at most ${maxRank} axes, got ${ndim}`)
  const start = 4 + 4 * ndim
  if (bytes.length < start) {
    throw new FormatError(`readIdx:${name} expected a header of ${start} bytes for ${ndim} axes, got ${bytes.length}`)
  }
  const shape = Array.from({ length: ndim }, (_, axis) => view.getUint32(4 + 4 * axis))
  const size = sizeOf(shape)
  if (size > maxSize || shape.some(n => n > maxSize)) {
    throw new FormatError(`readIdx:${name} expected at most ${maxSize} elements, got shape ${showShape(shape)}`)
  }
  return { type, shape, start, end: start + size * type.bytes }
}

function readElements(bytes: Uint8Array, type: ElementType, shape: readonly number[]): Tensor {
  const tensor = allocateTensor(shape, type.dtype)
  const { array } = tensor.storage
  if (type.dtype === 'uint8') {
    array.set(bytes)
    return tensor
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let i = 0; i < array.length; i++) array[i] = type.read(view, i * type.bytes)
  return tensor
}

/** The first two bytes of gzip, with which no IDX file begins. */
const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

/** Of gzip, what is unpacked to find the header, and how large it may become: deflate packs 1032 bytes into one at most. */
const firstBytes = 16_384
const firstUnpacked = 1032 * firstBytes

/** The beginning of the file, with its whole header. */
function beginning(name: string, bytes: Uint8Array): Uint8Array {
  if (!isGzip(bytes)) return bytes
  // A cut file that is all here is an error, a beginning is not.
  const finishFlush = bytes.length > firstBytes ? constants.Z_SYNC_FLUSH : constants.Z_FINISH
  const options = { finishFlush, maxOutputLength: firstUnpacked }
  return gunzip(name, () => gunzipSync(bytes.subarray(0, firstBytes), options))
}

/** The whole file; undefined where gzip has more than `end` bytes, which are not unpacked. */
function unpacked(name: string, bytes: Uint8Array, end: number): Uint8Array | undefined {
  if (!isGzip(bytes)) return bytes
  return gunzip(name, () => {
    try {
      return gunzipSync(bytes, { maxOutputLength: Math.max(1, end) })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') throw error
      return undefined
    }
  })
}

function gunzip<R>(name: string, unpack: () => R): R {
  try {
    return unpack()
  } catch (error) {
    throw new FormatError(`readIdx:${name} expected whole gzip data, got: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join(' ')
