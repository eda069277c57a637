// Making tensors: from values, filled, counted, random.

import { checkDType, type DType, isFloat } from '../base/dtype.js'
import { ArgumentError, DTypeError, showValue } from '../base/errors.js'
import { checkedWhereUsed, checkOptions, flag, type Schema } from '../base/options.js'
import { checkShape } from '../base/shape.js'
import { context } from './context.js'
import { drawNormal, drawUniform } from './random.js'
import { allocateTensor, Tensor, type TensorOptions, tensorOptions } from './tensor.js'
import { convert, type Values } from './values.js'

export interface CreationOptions {
  /** `float32` by default. */
  readonly dtype?: DType | undefined
  /** false by default; only floats can. */
  readonly requiresGrad?: boolean | undefined
}

const creationOptions: Schema<CreationOptions> = { dtype: checkedWhereUsed, requiresGrad: flag }

/** How shapes are given: a list, or the lengths one after another. */
type ShapeArgument = number | readonly number[]

/** Copies `values` (a number, nested arrays, a typed array, a tensor) into a new tensor: plain data, no gradient. */
export function tensor(values: Values | Tensor, options: TensorOptions = {}): Tensor {
  checkOptions('tensor', options, tensorOptions)
  if (!(values instanceof Tensor))
    return new Tensor(values, { ...options, requiresGrad: options.requiresGrad ?? false })
  if (options.dtype !== undefined) checkDType('tensor', options.dtype)
  const copy = values
    .detach()
    .clone()
    .to(options.dtype ?? values.dtype)
  const shaped = options.shape === undefined ? copy : copy.reshape(options.shape)
  if (options.requiresGrad) shaped.requiresGrad = true
  return shaped
}

interface DTypes {
  readonly expected: string
  include(dtype: DType): boolean
}

const allDTypes: DTypes = { expected: 'a dtype', include: () => true }
const floats: DTypes = { expected: 'float32 or float64', include: isFloat }
const notBool: DTypes = { expected: 'a dtype of numbers', include: dtype => dtype !== 'bool' }

/** @param accepts the dtypes there can be; all by default. */
function make(
  op: string,
  shape: ShapeArgument,
  options: CreationOptions,
  fill: (out: Tensor) => void,
  accepts: DTypes = allDTypes,
): Tensor {
  checkOptions(op, options, creationOptions)
  const list = typeof shape === 'number' ? [shape] : shape
  checkShape(op, list)
  const { dtype = 'float32' } = options
  checkDType(op, dtype)
  if (!accepts.include(dtype)) throw new DTypeError(`${op}: expected ${accepts.expected}, got ${dtype}`)
  const out = allocateTensor([...list], dtype, op)
  fill(out)
  if (options.requiresGrad) out.requiresGrad = true
  return out
}

function filled(op: string, shape: ShapeArgument, value: number | boolean, options: CreationOptions): Tensor {
  const element = options?.dtype === 'bool' ? Number(Boolean(value)) : Number(value)
  return make(op, shape, options, out => context.backend.fill(out.size, element, out.storage.array))
}

/**
 * Filled with `value`; bool where that is a boolean and no dtype is given.
 * @throws ArgumentError for a value that an integer dtype does not have.
 */
export function full(shape: ShapeArgument, value: number | boolean, options: CreationOptions = {}): Tensor {
  if (typeof value !== 'number' && typeof value !== 'boolean') {
    throw new ArgumentError(`full: expected a number as value, got ${showValue(value)}`)
  }
  checkOptions('full', options, creationOptions)
  checkRange('full', [Number(value)], options.dtype)
  return filled('full', shape, value, typeof value === 'boolean' ? { dtype: 'bool', ...options } : options)
}

/** Filled with 0. */
export const zeros = (shape: ShapeArgument, options: CreationOptions = {}): Tensor => filled('zeros', shape, 0, options)

/** Filled with 1. */
export const ones = (shape: ShapeArgument, options: CreationOptions = {}): Tensor => filled('ones', shape, 1, options)

/** The n × m identity (m = n by default). */
export function eye(n: number, m: number = n, options: CreationOptions = {}): Tensor {
  checkOptions('eye', options, creationOptions)
  checkShape('eye', [n, m])
  const rows = arange(n, { dtype: 'int32' }).unsqueeze(1)
  const identity = rows.equal(arange(m, { dtype: 'int32' })).to(options.dtype ?? 'float32')
  if (options.requiresGrad) identity.requiresGrad = true
  return identity
}

/** @throws ArgumentError if the first or the last value is not one of the dtype's integers. */
function checkRange(op: string, ends: readonly number[], dtype: unknown): void {
  if (dtype === 'int32' || dtype === 'uint8') for (const end of ends) convert(op, end, dtype)
}

/**
 * `arange(end)`, `arange(start, end)` or `arange(start, end, step)`: from start (0) up to, but not including, end.
 * int32 when all are integers, else float32, unless `dtype` says otherwise.
 */
export function arange(end: number, options?: CreationOptions): Tensor
export function arange(start: number, end: number, options?: CreationOptions): Tensor
export function arange(start: number, end: number, step: number, options?: CreationOptions): Tensor
export function arange(...args: readonly unknown[]): Tensor {
  const given = args.filter(arg => arg !== undefined)
  const last = given.at(-1)
  const options: CreationOptions = typeof last === 'object' && last !== null ? (given.pop() as CreationOptions) : {}
  checkOptions('arange', options, creationOptions)
  const isNumber = (arg: unknown): arg is number => typeof arg === 'number' && Number.isFinite(arg)
  if (given.length < 1 || given.length > 3 || !given.every(isNumber) || given[2] === 0) {
    throw new ArgumentError(`arange: expected finite numbers and a step that is not 0, got ${showValue(args)}`)
  }
  const [start, end, step = 1] = given.length === 1 ? [0, given[0]] : given
  const length = Math.max(0, Math.ceil((end - start) / step))
  const dtype = options.dtype ?? (given.every(Number.isInteger) ? 'int32' : 'float32')
  if (length > 0) checkRange('arange', [start, start + (length - 1) * step], dtype)
  const fill = (out: Tensor): void => context.backend.arange(length, start, step, out.storage.array)
  return make('arange', [length], { ...options, dtype }, fill, notBool)
}

/** `steps` points from start to end, both included. */
export function linspace(start: number, end: number, steps: number, options: CreationOptions = {}): Tensor {
  if (!Number.isFinite(start) || !Number.isFinite(end)) {
    throw new ArgumentError(`linspace: expected finite numbers, got ${showValue([start, end])}`)
  }
  if (Number.isInteger(steps) && steps > 0) checkRange('linspace', steps === 1 ? [start] : [start, end], options?.dtype)
  const fill = (out: Tensor): void => context.backend.linspace(steps, start, end, out.storage.array)
  return make('linspace', [steps], options, fill, notBool)
}

/** Uniform in [0, 1), from the generator that `manualSeed` sets. */
export const rand = (shape: ShapeArgument, options: CreationOptions = {}): Tensor =>
  make('rand', shape, options, out => drawUniform(out.storage, 0, 1), floats)

/** Normal with mean 0 and standard deviation 1, from the generator that `manualSeed` sets. */
export const randn = (shape: ShapeArgument, options: CreationOptions = {}): Tensor =>
  make('randn', shape, options, out => drawNormal(out.storage, 0, 1), floats)
