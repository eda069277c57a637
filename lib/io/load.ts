// Reading safetensors: each tensor's bytes go from the file straight into the tensor's memory.

import { isArray } from '../base/containers.js'
import { isKind } from '../base/dtype.js'
import { ArgumentError, FormatError, showShape, showValue } from '../base/errors.js'
import { checkedWhereUsed, checkOptions, type Schema } from '../base/options.js'
import { maxSize, sizeOf } from '../base/shape.js'
import { allocateTensor, type Tensor } from '../core/tensor.js'
import { convertElements, dtypeFor, elementTypes } from './elements.js'
import { decodeHeader, type Entry, type Header, maxHeaderBytes } from './header.js'
import { memorySource, type Source, withFile } from './source.js'

export interface LoadOptions {
  /** The tensors to read; all by default. The others are neither read nor checked, but by the header. */
  readonly names?: readonly string[] | undefined
}

const loadOptions: Schema<LoadOptions> = { names: checkedWhereUsed }

/**
 * Reads a safetensors file: its tensors by name (an object without prototype), none of which requires a gradient.
 * F16 and BF16 become float32; I8, I16, U16, I32, U32, I64 and U64 int32, or float64 where a value does not fit int32; BOOL,
 * U8, F32 and F64 stay what they are.
 * @throws FormatError for whatever the format does not allow, and for an integer beyond 2⁵³ − 1; FileError if the file cannot
 * be read; ArgumentError for a name that is not in it.
 */
export function loadSafetensors(path: string, options: LoadOptions = {}): Record<string, Tensor> {
  const op = 'loadSafetensors'
  const names = checkNames(op, options)
  return withFile(op, checkPath(op, path), source => readTensors(source, names))
}

/** The same from a file's bytes. */
export function decodeSafetensors(bytes: Uint8Array, options: LoadOptions = {}): Record<string, Tensor> {
  const op = 'decodeSafetensors'
  const names = checkNames(op, options)
  if (!isKind(bytes, 'Uint8Array')) throw new ArgumentError(`${op}: expected a Uint8Array, got ${showValue(bytes)}`)
  return readTensors(memorySource(op, bytes), names)
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

function checkNames(op: string, options: LoadOptions): readonly string[] | undefined {
  const { names } = checkOptions(op, options, loadOptions)
  if (names === undefined || (isArray(names) && names.every(name => typeof name === 'string'))) return names
  throw new ArgumentError(`${op}: expected names to be a list of strings, got ${showValue(names)}`)
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

function readTensors(source: Source, names: readonly string[] | undefined): Record<string, Tensor> {
  const { header, start } = readHeader(source)
  const tensors: Record<string, Tensor> = Object.create(null)
  for (const entry of chosen(source.where, header.entries, names)) {
    tensors[entry.name] = readTensor(source, start + entry.start, entry)
  }
  return tensors
}

function chosen(where: string, entries: readonly Entry[], names: readonly string[] | undefined): readonly Entry[] {
  if (names === undefined) return entries
  const inFile = new Set(entries.map(({ name }) => name))
  const missing = names.find(name => !inFile.has(name))
  if (missing !== undefined) throw new ArgumentError(`${where}: expected names of the file, got ${showValue(missing)}`)
  const wanted = new Set(names)
  return entries.filter(({ name }) => wanted.has(name))
}

function readTensor(source: Source, at: number, { name, dtype, shape, start, end }: Entry): Tensor {
  const where = `${source.where}: tensor ${showValue(name)}`
  if (sizeOf(shape) > maxSize || shape.some(n => n > maxSize)) {
    throw new FormatError(`${where}: expected at most ${maxSize} elements, got shape ${showShape(shape)}`)
  }
  const type = elementTypes.get(dtype)
  if (type === undefined) throw new FormatError(`${where}: expected a known dtype, got ${dtype}`)
  if (type.read === undefined) {
    const tensor = allocateTensor(shape, type.dtype)
    const { array } = tensor.storage
    source.read(at, new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
    return tensor
  }
  const bytes = new Uint8Array(end - start)
  source.read(at, bytes)
  const tensor = allocateTensor(shape, dtypeFor(where, dtype, bytes, type))
  convertElements(bytes, tensor.storage.array, type.read)
  return tensor
}
