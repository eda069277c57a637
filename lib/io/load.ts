// Reading safetensors: each tensor's bytes go from the file straight into the tensor's memory.

import { ArgumentError, FormatError, showShape, showValue } from '../base/errors.js'
import { maxSize, sizeOf } from '../base/shape.js'
import { Tensor } from '../core/tensor.js'
import { convertElements, elementTypes } from './elements.js'
import { decodeHeader, type Entry, type Header, maxHeaderBytes } from './header.js'
import { memorySource, type Source, withFile } from './source.js'

/**
 * Reads a safetensors file: its tensors by name (an object without prototype), none of which requires a gradient.
 * F16 and BF16 become float32; I8, I16, U16, I32, U32, I64 and U64 int32; BOOL, U8, F32 and F64 stay what they are.
 * @throws FormatError for whatever the format does not allow, and for an integer that does not fit int32.
 */
export function loadSafetensors(path: string): Record<string, Tensor> {
  return withFile('loadSafetensors', checkPath('loadSafetensors', path), readTensors)
}

/** The same from a file's bytes. */
export function decodeSafetensors(bytes: Uint8Array): Record<string, Tensor> {
  if (!(bytes instanceof Uint8Array)) {
    throw new ArgumentError(`decodeSafetensors: expected a Uint8Array, got ${showValue(bytes)}`)
  }
  return readTensors(memorySource('decodeSafetensors', bytes))
}

/** The `__metadata__` of a safetensors file, an object without prototype; the tensors are not read. */
export function readSafetensorsMetadata(path: string): Record<string, string> {
  const op = 'readSafetensorsMetadata'
  return withFile(op, checkPath(op, path), source => readHeader(source).header.metadata)
}

function checkPath(op: string, path: unknown): string {
  if (typeof path === 'string') return path
  throw new ArgumentError(`${op}: expected a path, got ${showValue(path)}`)
}

/** The header, and where the tensors begin. */
function readHeader(source: Source): { header: Header; start: number } {
  const { where, length } = source
  if (length < 8) throw new FormatError(`${where}: expected at least 8 bytes, got ${length}`)
  const prefix = new Uint8Array(8)
  source.read(0, prefix)
  const headerBytes = new DataView(prefix.buffer).getBigUint64(0, true)
  if (headerBytes > maxHeaderBytes) {
    throw new FormatError(`${where}: expected a header of at most ${maxHeaderBytes} bytes, got ${headerBytes}`)
  }
  const start = 8 + Number(headerBytes)
  if (start > length) {
    throw new FormatError(`${where}: expected ${start} bytes for a header of ${headerBytes}, got ${length}`)
  }
  const bytes = new Uint8Array(start - 8)
  source.read(8, bytes)
  return { header: decodeHeader(where, bytes, length - start), start }
}

function readTensors(source: Source): Record<string, Tensor> {
  const { header, start } = readHeader(source)
  const tensors: Record<string, Tensor> = Object.create(null)
  for (const entry of header.entries) tensors[entry.name] = readTensor(source, start + entry.start, entry)
  return tensors
}

function readTensor(source: Source, at: number, { name, dtype, shape, start, end }: Entry): Tensor {
  const where = `${source.where}: tensor ${JSON.stringify(name)}`
  if (sizeOf(shape) > maxSize || shape.some(n => n > maxSize)) {
    throw new FormatError(`${where}: expected at most ${maxSize} elements, got shape ${showShape(shape)}`)
  }
  const type = elementTypes.get(dtype)
  if (type === undefined) throw new FormatError(`${where}: expected a known dtype, got ${dtype}`)
  const tensor = Tensor.allocate(shape, type.dtype)
  const { array } = tensor.storage
  if (type.read === undefined) {
    source.read(at, new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
  } else {
    const bytes = new Uint8Array(end - start)
    source.read(at, bytes)
    convertElements(where, dtype, bytes, array, type.read)
  }
  return tensor
}
