// Making tensors: from values, filled, counted, random.

import { context } from './context.js'
import { checkDType, type DType, isFloat } from './dtype.js'
import { ArgumentError, DTypeError, showValue } from './errors.js'
import { drawNormal, drawUniform } from './random.js'
import { checkShape } from './shape.js'
import { Tensor, type TensorOptions } from './tensor.js'
import type { Values } from './values.js'

export interface CreationOptions {
  /** `float32` by default. */
  readonly dtype?: DType
  readonly requiresGrad?: boolean
}

/** How shapes are given: a list, or the lengths one after another. */
type ShapeArgument = number | readonly number[]

/** Copies `values` (a number, nested arrays, a typed array, a tensor) into a new tensor: plain data, no gradient. */
export function tensor(values: Values | Tensor, options: TensorOptions = {}): Tensor {
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

function make(op: string, shape: ShapeArgument, options: CreationOptions, fill: (out: Tensor) => void): Tensor {
  const list = typeof shape === 'number' ? [shape] : shape
  checkShape(op, list)
  const dtype = options.dtype ?? 'float32'
  checkDType(op, dtype)
  const out = Tensor.allocate([...list], dtype)
  fill(out)
  if (options.requiresGrad) out.requiresGrad = true
  return out
}

/** Filled with `value`. */
export function full(shape: ShapeArgument, value: number | boolean, options: CreationOptions = {}): Tensor {
  if (typeof value !== 'number' && typeof value !== 'boolean') {
    throw new ArgumentError(`full: expected a number as value, got ${showValue(value)}`)
  }
  const dtype = options.dtype ?? (typeof value === 'boolean' ? 'bool' : 'float32')
  const element = dtype === 'bool' ? Number(Boolean(value)) : Number(value)
  return make('full', shape, { ...options, dtype }, out => context.backend.fill(out.size, element, out.storage.array))
}

/** Filled with 0. */
export const zeros = (shape: ShapeArgument, options: CreationOptions = {}): Tensor =>
  full(shape, 0, { dtype: 'float32', ...options })

/** Filled with 1. */
export const ones = (shape: ShapeArgument, options: CreationOptions = {}): Tensor =>
  full(shape, 1, { dtype: 'float32', ...options })

/** The n × m identity (m = n by default). */
export function eye(n: number, m: number = n, options: CreationOptions = {}): Tensor {
  checkShape('eye', [n, m])
  const rows = arange(n, { dtype: 'int32' }).unsqueeze(1)
  const identity = rows.equal(arange(m, { dtype: 'int32' })).to(options.dtype ?? 'float32')
  if (options.requiresGrad) identity.requiresGrad = true
  return identity
}

/**
 * `arange(end)`, `arange(start, end)` or `arange(start, end, step)`: from start (0) up to, but not including, end.
 * int32 when all are integers, else float32, unless `dtype` says otherwise.
 */
export function arange(end: number, options?: CreationOptions): Tensor
export function arange(start: number, end: number, options?: CreationOptions): Tensor
export function arange(start: number, end: number, step: number, options?: CreationOptions): Tensor
export function arange(...args: readonly (number | CreationOptions | undefined)[]): Tensor {
  const numbers = args.filter((arg): arg is number => typeof arg === 'number')
  const options = args.find((arg): arg is CreationOptions => typeof arg === 'object') ?? {}
  const [start, end, step = 1] = numbers.length === 1 ? [0, numbers[0]] : numbers
  if (end === undefined || !numbers.every(Number.isFinite) || step === 0) {
    throw new ArgumentError(`arange: expected finite numbers and a step that is not 0, got ${showValue(args)}`)
  }
  const length = Math.max(0, Math.ceil((end - start) / step))
  const dtype = options.dtype ?? (numbers.every(Number.isInteger) ? 'int32' : 'float32')
  if (dtype === 'bool') throw new DTypeError('arange: expected a dtype of numbers, got bool')
  return make('arange', [length], { ...options, dtype }, out =>
    context.backend.arange(length, start, step, out.storage.array),
  )
}

/** `steps` points from start to end, both included. */
export function linspace(start: number, end: number, steps: number, options: CreationOptions = {}): Tensor {
  if (!Number.isFinite(start) || !Number.isFinite(end)) {
    throw new ArgumentError(`linspace: expected finite numbers, got ${showValue([start, end])}`)
  }
  return make('linspace', [steps], options, out => context.backend.linspace(steps, start, end, out.storage.array))
}

const float = (op: string, dtype: DType = 'float32'): DType => {
  checkDType(op, dtype)
  if (!isFloat(dtype)) throw new DTypeError(`${op}: expected float32 or float64, got ${dtype}`)
  return dtype
}

/** Uniform in [0, 1), from the generator that `manualSeed` sets. */
export const rand = (shape: ShapeArgument, options: CreationOptions = {}): Tensor =>
  make('rand', shape, { ...options, dtype: float('rand', options.dtype) }, out => drawUniform(out.storage, 0, 1))

/** Normal with mean 0 and standard deviation 1, from the generator that `manualSeed` sets. */
export const randn = (shape: ShapeArgument, options: CreationOptions = {}): Tensor =>
  make('randn', shape, { ...options, dtype: float('randn', options.dtype) }, out => drawNormal(out.storage, 0, 1))
