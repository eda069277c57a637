// The errors a user can meet. One shape of message: `op: expected X, got Y`; a stable `code` for programs.

import { isOfAnotherCopy } from './copies.js'

/** The base of every error thrown on purpose. `code` is stable across versions. */
export class BlasgradError extends Error {
  readonly code: string = 'BLASGRAD'
  override get name(): string {
    return this.constructor.name
  }
}

/** Shapes that do not fit one another, or an axis that does not exist. */
export class ShapeError extends BlasgradError {
  override readonly code = 'SHAPE'
}

/** A dtype that the operation does not take. */
export class DTypeError extends BlasgradError {
  override readonly code = 'DTYPE'
}

/** An index (a class id, a row of a table, an axis position) outside its range. */
export class IndexError extends BlasgradError {
  override readonly code = 'INDEX'
}

/** A value or option that is not one of those allowed. */
export class ArgumentError extends BlasgradError {
  override readonly code = 'ARGUMENT'
}

/** Something the graph cannot do: walked twice, changed in place after it was saved, no gradient required. */
export class GradientError extends BlasgradError {
  override readonly code = 'GRADIENT'
}

/** The native backend is missing or does not match this version. */
export class BackendError extends BlasgradError {
  override readonly code = 'BACKEND'
}

/** State that a running step uses: await the step, or `idle()`. */
export class BusyError extends BlasgradError {
  override readonly code = 'BUSY'
}

/** A failed check of BLASGRAD_CHECK=1. */
export class CheckError extends BlasgradError {
  override readonly code = 'CHECK'
}

/** A file that cannot be read or written. `cause` is the system's error, where there was one. */
export class FileError extends BlasgradError {
  override readonly code = 'FILE'
}

/** A malformed file. */
export class FormatError extends BlasgradError {
  override readonly code = 'FORMAT'
}

/** The longest value in a message. */
const longest = 200
/** How deep arrays are shown. */
const deepest = 4

const shortened = (text: string): string => (text.length > longest ? `${text.slice(0, longest)}…` : text)

/** A shape in messages: `[32, 784]`. */
export const showShape = (shape: readonly number[]): string =>
  shape.length > 64 ? `[${shape.slice(0, 8).join(', ')}, … ${shape.length} in all]` : `[${shape.join(', ')}]`

/** A value in messages: at most a few hundred characters, whatever it is. Nothing in the value can make it throw. */
export function showValue(value: unknown): string {
  try {
    return shortened(show(value, 0))
  } catch {
    // A revoked proxy, or a getter that throws.
    return typeof value === 'function' ? 'a function' : 'an object'
  }
}

function show(value: unknown, depth: number): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, longest))
  if (typeof value === 'bigint') return value > -(10n ** 30n) && value < 10n ** 30n ? `${value}` : 'a large bigint'
  if (Array.isArray(value)) return showArray(value, depth)
  if (ArrayBuffer.isView(value)) return `${nameOf(value)}(${(value as Uint8Array).length ?? value.byteLength})`
  if (typeof value === 'function') return `function ${value.name}`
  if (typeof value !== 'object' || value === null) return String(value)
  return `${nameOf(value)}${isOfAnotherCopy(value) ? ' of another copy of blasgrad' : ''}`
}

function showArray(values: readonly unknown[], depth: number): string {
  if (values.length > 8 || depth >= deepest) return `an array of ${values.length}`
  return `[${values.map(value => show(value, depth + 1)).join(', ')}]`
}

const nameOf = (value: object): string => {
  const name: unknown = value.constructor?.name
  return typeof name === 'string' && name !== '' ? name : 'an object'
}
