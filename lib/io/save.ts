// Writing safetensors, byte for byte as the reference implementation does.

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
 * whatever happens leaves either the old file or the new one, whole.
 * @throws ArgumentError for a value that is not a tensor; the file system's error if the file cannot be written.
 */
export function saveSafetensors(path: string, tensors: NamedTensors, options: SaveOptions = {}): void {
  if (typeof path !== 'string') throw new ArgumentError(`saveSafetensors: expected a path, got ${showValue(path)}`)
  writeAtomically(path, partsOf('saveSafetensors', tensors, options))
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
  const { metadata = {} } = checkOptions(op, options, saveOptions)
  checkMetadata(op, metadata)
  const sorted = sortedTensors(op, tensors)
  const entries: Entry[] = []
  let end = 0
  for (const [name, { dtype, shape, data }] of sorted) {
    const start = end
    end += data.byteLength
    entries.push({ name, dtype: elementTypeOf(dtype), shape, start, end })
  }
  const header = encodeHeader({ metadata, entries })
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
  const named = tensors instanceof Map ? [...tensors] : Object.entries(tensors)
  for (const [name, tensor] of named) {
    if (typeof name !== 'string' || name === '__metadata__') {
      throw new ArgumentError(`${op}: expected a name other than __metadata__, got ${showValue(name)}`)
    }
    if (!(tensor instanceof Tensor)) {
      throw new ArgumentError(`${op}: expected a Tensor for ${JSON.stringify(name)}, got ${showValue(tensor)}`)
    }
  }
  return named.sort(([a, x], [b, y]) => rankOf(y.dtype) - rankOf(x.dtype) || Buffer.from(a).compare(Buffer.from(b)))
}

function checkMetadata(op: string, metadata: unknown): void {
  if (typeof metadata !== 'object' || metadata === null) {
    throw new ArgumentError(`${op}: expected metadata to be an object of strings, got ${showValue(metadata)}`)
  }
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value === 'string') continue
    throw new ArgumentError(`${op}: expected metadata ${JSON.stringify(key)} to be a string, got ${showValue(value)}`)
  }
}
