// The header of a safetensors file (https://huggingface.co/docs/safetensors): JSON that names each tensor's dtype, shape
// and bytes. Here text becomes a checked list and back; files and elements are not here.

import { FormatError, showShape, showValue } from '../base/errors.js'
import { maxRank, sizeOf } from '../base/shape.js'
import { elementTypes } from './elements.js'
import { depthOf, findRepeatedKey } from './json-text.js'

/** Headers have an object of objects that hold lists. The rest is for a newer format to be told by its fields. */
const deepest = 8

/** Longer headers are refused, as the format says. */
export const maxHeaderBytes = 100_000_000

/** What the header says of one tensor; `start` and `end` count from the end of the header. */
export interface Entry {
  readonly name: string
  readonly dtype: string
  readonly shape: readonly number[]
  readonly start: number
  readonly end: number
}

export interface Header {
  readonly metadata: Readonly<Record<string, string>>
  /** In the header's order. */
  readonly entries: readonly Entry[]
}

const metadataKey = '__metadata__'

/** The header as JSON, padded with spaces so that the tensors begin at a multiple of 8 bytes. */
export function encodeHeader(metadata: readonly (readonly [string, string])[], entries: readonly Entry[]): Uint8Array {
  const parts = entries.map(({ name, dtype, shape, start, end }) => {
    return `${JSON.stringify(name)}:{"dtype":"${dtype}","shape":[${shape.join()}],"data_offsets":[${start},${end}]}`
  })
  const texts = metadata.map(([key, text]) => `${JSON.stringify(key)}:${JSON.stringify(text)}`)
  if (texts.length > 0) parts.unshift(`"${metadataKey}":{${texts.join()}}`)
  const json = Buffer.from(`{${parts.join(',')}}`)
  return Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, ' ')])
}

/**
 * Reads a header.
 * @param where what messages begin with.
 * @param dataBytes the number of bytes behind the header, all of which the tensors must cover.
 * @throws FormatError for whatever the format does not allow.
 */
export function decodeHeader(where: string, bytes: Uint8Array, dataBytes: number): Header {
  const fields = parseObject(where, bytes)
  const metadata = Object.hasOwn(fields, metadataKey) ? fields[metadataKey] : {}
  const tensors = Object.entries(fields).filter(([name]) => name !== metadataKey)
  const entries = tensors.map(([name, value]) => readEntry(`${where}: tensor ${quote(name)}`, name, value))
  checkCover(where, entries, dataBytes)
  return { metadata: readMetadata(where, metadata), entries }
}

function parseObject(where: string, bytes: Uint8Array): Record<string, unknown> {
  if (bytes[0] !== 0x7b) {
    throw new FormatError(`${where}: expected a header that begins with {, got ${showByte(bytes[0])} at byte 8`)
  }
  let text: string
  let value: unknown
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    throw new FormatError(`${where}: expected a header in UTF-8, got other bytes`, { cause: error })
  }
  const depth = depthOf(text)
  if (depth > deepest) throw new FormatError(`${where}: expected a header of ${deepest} levels, got ${depth}`)
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new FormatError(`${where}: expected a header in JSON, got: ${(error as Error).message}`, { cause: error })
  }
  const repeated = findRepeatedKey(text)
  if (repeated !== undefined) throw new FormatError(`${where}: expected distinct names, got ${quote(repeated)} twice`)
  return value as Record<string, unknown>
}

function readMetadata(where: string, value: unknown): Record<string, string> {
  const metadata: Record<string, string> = Object.create(null)
  if (!isObject(value))
    throw new FormatError(`${where}: expected ${metadataKey} to be an object, got ${showValue(value)}`)
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') {
      throw new FormatError(
        `${where}: expected ${metadataKey} to hold strings, got ${showValue(text)} at ${quote(key)}`,
      )
    }
    metadata[key] = text
  }
  return metadata
}

function readEntry(where: string, name: string, value: unknown): Entry {
  if (!isObject(value)) throw new FormatError(`${where}: expected an object, got ${showValue(value)}`)
  const { dtype, shape, data_offsets: offsets } = value as Record<string, unknown>
  const type = typeof dtype === 'string' ? elementTypes.get(dtype) : undefined
  if (type === undefined) {
    throw new FormatError(
      `${where}: expected a dtype (${[...elementTypes.keys()].join(', ')}), got ${showValue(dtype)}`,
    )
  }
  if (!Array.isArray(shape) || !shape.every(isSize) || !Number.isSafeInteger(sizeOf(shape) * type.bytes)) {
    throw new FormatError(`${where}: expected a shape of non-negative integers, got ${showValue(shape)}`)
  }
  if (shape.length > maxRank) throw new FormatError(`${where}: expected at most ${maxRank} axes, got ${shape.length}`)
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize) || offsets[0] > offsets[1]) {
    throw new FormatError(`${where}: expected data_offsets [start, end], start ≤ end, got ${showValue(offsets)}`)
  }
  const [start, end]: number[] = offsets
  const bytes = sizeOf(shape) * type.bytes
  if (end - start !== bytes) {
    const expected = `${bytes} bytes for shape ${showShape(shape)} of ${dtype}`
    throw new FormatError(`${where}: expected ${expected}, got ${end - start} in data_offsets ${showShape(offsets)}`)
  }
  return { name, dtype: dtype as string, shape, start, end }
}

/** Checks that the tensors cover the data without a gap or an overlap. */
function checkCover(where: string, entries: readonly Entry[], dataBytes: number): void {
  let covered = 0
  for (const { name, start, end } of [...entries].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (start !== covered) {
      const fault = start < covered ? 'overlaps the tensor before it' : 'leaves a hole before it'
      throw new FormatError(`${where}: tensor ${quote(name)} ${fault}: expected start ${covered}, got ${start}`)
    }
    if (end > dataBytes) {
      throw new FormatError(
        `${where}: tensor ${quote(name)} is out of range: expected an end up to ${dataBytes}, got ${end}`,
      )
    }
    covered = end
  }
  if (covered !== dataBytes) {
    throw new FormatError(`${where}: expected ${covered} bytes of tensors, as the header says, got ${dataBytes}`)
  }
}

const quote = (name: string): string => showValue(name)
const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const showByte = (byte: number | undefined): string => (byte === undefined ? 'nothing' : `0x${byte.toString(16)}`)
