// The errors a user can meet. One shape of message: `op: expected X, got Y`; a stable `code` for programs.

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

/** A malformed file. */
export class FormatError extends BlasgradError {
  override readonly code = 'FORMAT'
}

/** A shape in messages: `[32, 784]`. */
export const showShape = (shape: readonly number[]): string => `[${shape.join(', ')}]`

/** A value in messages, shortened. */
export function showValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (Array.isArray(value))
    return value.length > 8 ? `an array of ${value.length}` : `[${value.map(showValue).join(', ')}]`
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${(value as Uint8Array).length ?? value.byteLength})`
  if (typeof value === 'function') return `function ${value.name}`
  if (typeof value === 'object' && value !== null) return value.constructor?.name ?? 'an object'
  return String(value)
}
