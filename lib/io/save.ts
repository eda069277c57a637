// Writing safetensors, byte for byte as the reference implementation does.

import { isMap } from '../base/containers.js'
import { ArgumentError, showValue } from '../base/errors.js'
import { checkedWhereUsed, checkOptions, type Schema } from '../base/options.js'
import { Tensor } from '../core/tensor.js'
import { writeAtomically } from './atomic-file.js'
import { elementTypeOf, rankOf } from './elements.js'
import { type Entry, encodeHeader, maxHeaderBytes } from './header.js'

export interface SaveOptions {
  /** Text to keep beside the tensors, as `__metadata__`. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
}

const saveOptions: Schema<SaveOptions> = { metadata: checkedWhereUsed }

export type NamedTensors = Readonly<Record<string, Tensor>> | ReadonlyMap<string, Tensor>

/**
 * Writes tensors to a safetensors file: to a temporary file in the same folder first, which is then renamed, so that
 * whatever happens leaves either the old file or the new one, whole. A file that is replaced keeps its mode, and its owner
 * where the system lets the process give files away; a symbolic link is followed.
 * @throws ArgumentError for a value that is not a tensor; FileError if the file cannot be written or is not a regular one.
 */
export function saveSafetensors(path: string, tensors: NamedTensors, options: SaveOptions = {}): void {
  if (typeof path !== 'string') throw new ArgumentError(`saveSafetensors: expected a path, got ${showValue(path)}`)
  writeAtomically('saveSafetensors', path, partsOf('saveSafetensors', tensors, options))
}

/** The bytes of a safetensors file. */
export function encodeSafetensors(tensors: NamedTensors, options: SaveOptions = {}): Uint8Array {
  const parts = partsOf('encodeSafetensors', tensors, options)
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** The file's bytes in pieces: the header's length, the header, then each tensor's own memory, not copied. */
function partsOf(op: string, tensors: NamedTensors, options: SaveOptions): Uint8Array[] {
  const metadata = readMetadata(op, checkOptions(op, options, saveOptions).metadata ?? {})
  const sorted = sortedTensors(op, tensors)
  const entries: Entry[] = []
  let end = 0
  for (const [name, { dtype, shape, data }] of sorted) {
    const start = end
    end += data.byteLength
    entries.push({ name, dtype: elementTypeOf(dtype), shape, start, end })
  }
  const header = encodeHeader(metadata, entries)
  if (header.length > maxHeaderBytes) {
    throw new ArgumentError(`${op}: expected a header of at most ${maxHeaderBytes} bytes, got ${header.length}`)
  }
  const length = new Uint8Array(8)
  new DataView(length.buffer).setBigUint64(0, BigInt(header.length), true)
  const data = sorted.map(([, { data }]) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  return [length, header, ...data]
}

/** The widest types first, then by name: every tensor is aligned to its elements, and the same tensors give one file. */
function sortedTensors(op: string, tensors: NamedTensors): [string, Tensor][] {
  if (typeof tensors !== 'object' || tensors === null) {
    throw new ArgumentError(`${op}: expected an object or a Map of tensors, got ${showValue(tensors)}`)
  }
  const named: [string, Tensor][] = isMap(tensors) ? [...tensors] : Object.entries(tensors)
  for (const [name, tensor] of named) {
    if (typeof name !== 'string' || name === '__metadata__') {
      throw new ArgumentError(`${op}: expected a name other than __metadata__, got ${showValue(name)}`)
    }
    if (!(tensor instanceof Tensor)) {
      throw new ArgumentError(`${op}: expected a Tensor for ${showValue(name)}, got ${showValue(tensor)}`)
    }
  }
  return named.sort(([a, x], [b, y]) => rankOf(y.dtype) - rankOf(x.dtype) || Buffer.from(a).compare(Buffer.from(b)))
}

/** The metadata as it is written: its own strings, read once, whatever else (a toJSON) the object has. */
function readMetadata(op: string, metadata: unknown): [key: string, text: string][] {
  if (typeof metadata !== 'object' || metadata === null || Symbol.iterator in metadata) {
    throw new ArgumentError(`${op}: expected metadata to be an object of strings, got ${showValue(metadata)}`)
  }
  return Object.entries(metadata).map(([key, value]: [string, unknown]) => {
    if (typeof value === 'string') return [key, value]
    throw new ArgumentError(`${op}: expected metadata ${showValue(key)} to be a string, got ${showValue(value)}`)
  })
}
