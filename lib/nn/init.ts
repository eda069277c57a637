// `nn.init`: fills tensors in place with the values that training starts from, drawn by the generator.

import { isFloat } from '../base/dtype.js'
import { ArgumentError, DTypeError, ShapeError, showShape, showValue } from '../base/errors.js'
import { checkedWhereUsed, checkOptions, finite, oneOf, type Schema } from '../base/options.js'
import { context } from '../core/context.js'
import { drawNormal, drawUniform } from '../core/random.js'
import { Tensor } from '../core/tensor.js'

export type FanMode = 'fanIn' | 'fanOut'
export type Nonlinearity = 'linear' | 'sigmoid' | 'tanh' | 'relu' | 'leakyRelu' | 'selu'

export interface KaimingOptions {
  /** The slope of leakyRelu below 0; 0 by default. */
  readonly a?: number
  /** Whether the forward (`fanIn`, the default) or the backward pass keeps its variance. */
  readonly mode?: FanMode
  /** What follows the weights; `leakyRelu` by default. */
  readonly nonlinearity?: Nonlinearity
}

export interface XavierOptions {
  /** A factor on the standard deviation; 1 by default. */
  readonly gain?: number
}

const kaimingOptions: Schema<KaimingOptions> = {
  a: finite,
  mode: oneOf('fanIn', 'fanOut'),
  nonlinearity: checkedWhereUsed,
}
const xavierOptions: Schema<XavierOptions> = { gain: finite }

function check(op: string, target: Tensor, numbers: Readonly<Record<string, number>>): void {
  if (!(target instanceof Tensor)) throw new ArgumentError(`${op}: expected a Tensor, got ${showValue(target)}`)
  if (!isFloat(target.dtype)) throw new DTypeError(`${op}: expected a float32 or float64 tensor, got ${target.dtype}`)
  for (const [name, value] of Object.entries(numbers)) {
    if (!Number.isFinite(value))
      throw new ArgumentError(`${op}: expected ${name} to be finite, got ${showValue(value)}`)
  }
}

/** Uniform in [low, high). */
export function uniform(target: Tensor, low = 0, high = 1): Tensor {
  check('uniform', target, { low, high })
  if (low > high) throw new ArgumentError(`uniform: expected low to be at most high, got ${low} and ${high}`)
  drawUniform(target.storage, low, high)
  return target
}

/** Normal with the given mean and standard deviation. */
export function normal(target: Tensor, mean = 0, std = 1): Tensor {
  check('normal', target, { mean, std })
  if (std < 0) throw new ArgumentError(`normal: expected std to be 0 or more, got ${std}`)
  drawNormal(target.storage, mean, std)
  return target
}

/** The same value everywhere. */
export function constant(target: Tensor, value: number): Tensor {
  if (typeof value !== 'number') throw new ArgumentError(`constant: expected a number, got ${showValue(value)}`)
  check('constant', target, {})
  context.backend.fill(target.size, value, target.storage.arrayFor('constant'))
  target.storage.version++
  return target
}

export const zeros = (target: Tensor): Tensor => constant(target, 0)
export const ones = (target: Tensor): Tensor => constant(target, 1)

const gains: Readonly<Record<Nonlinearity, (slope: number) => number>> = {
  linear: () => 1,
  sigmoid: () => 1,
  tanh: () => 5 / 3,
  relu: () => Math.SQRT2,
  leakyRelu: slope => Math.sqrt(2 / (1 + slope ** 2)),
  selu: () => 3 / 4,
}

/**
 * The factor that keeps the variance through a nonlinearity (PyTorch's table).
 * @param slope that of leakyRelu below 0; 0.01 by default.
 */
export function calculateGain(nonlinearity: Nonlinearity, slope = 0.01): number {
  if (!Object.hasOwn(gains, nonlinearity)) {
    const known = Object.keys(gains).join(', ')
    throw new ArgumentError(`calculateGain: expected one of ${known}, got ${showValue(nonlinearity)}`)
  }
  return gains[nonlinearity](slope)
}

/** How many inputs each output of a weight [out, in, …] has, and how many outputs each input. */
function fans(op: string, { shape }: Tensor): Readonly<Record<FanMode, number>> {
  if (shape.length < 2) throw new ShapeError(`${op}: expected at least two axes, got shape ${showShape(shape)}`)
  const field = shape.slice(2).reduce((product, length) => product * length, 1)
  return { fanIn: shape[1] * field, fanOut: shape[0] * field }
}

function kaimingStd(op: string, target: Tensor, options: KaimingOptions): number {
  const { a = 0, mode = 'fanIn', nonlinearity = 'leakyRelu' } = checkOptions(op, options, kaimingOptions)
  check(op, target, {})
  return calculateGain(nonlinearity, a) / Math.sqrt(Math.max(1, fans(op, target)[mode]))
}

/** Uniform with std gain/√fan (He et al., "Delving deep into rectifiers", 2015): in ±√3·gain/√fan. */
export function kaimingUniform(target: Tensor, options: KaimingOptions = {}): Tensor {
  const bound = Math.sqrt(3) * kaimingStd('kaimingUniform', target, options)
  return uniform(target, -bound, bound)
}

/** Normal with std gain/√fan. */
export const kaimingNormal = (target: Tensor, options: KaimingOptions = {}): Tensor =>
  normal(target, 0, kaimingStd('kaimingNormal', target, options))

function xavierStd(op: string, target: Tensor, options: XavierOptions): number {
  const { gain = 1 } = checkOptions(op, options, xavierOptions)
  check(op, target, {})
  const { fanIn, fanOut } = fans(op, target)
  return gain * Math.sqrt(2 / Math.max(1, fanIn + fanOut))
}

/** Uniform with std gain·√(2/(fanIn + fanOut)) (Glorot and Bengio, 2010). */
export function xavierUniform(target: Tensor, options: XavierOptions = {}): Tensor {
  const bound = Math.sqrt(3) * xavierStd('xavierUniform', target, options)
  return uniform(target, -bound, bound)
}

/** Normal with std gain·√(2/(fanIn + fanOut)). */
export const xavierNormal = (target: Tensor, options: XavierOptions = {}): Tensor =>
  normal(target, 0, xavierStd('xavierNormal', target, options))
