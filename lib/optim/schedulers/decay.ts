// Schedulers that multiply a rate: by steps, by a straight line, by a power, or as a function says. As PyTorch's, a step
// multiplies the rate that is set, so that several of them work on one optimizer.

import { isArray } from '../../base/containers.js'
import { ArgumentError, showValue } from '../../base/errors.js'
import { checkOptions, fraction, integer, nonNegative, positive, type Schema } from '../../base/options.js'
import { type AnyOptimizer, LRScheduler } from './scheduler.js'

/** @throws ArgumentError if a required option is missing. */
export function requireOption(owner: string, name: string, value: unknown): void {
  if (value !== undefined) return
  throw new ArgumentError(`${owner}: expected the option ${name}, got none`)
}

export interface StepLROptions {
  /** The steps between two changes. */
  readonly stepSize: number
  /** What the rate is multiplied with; 0.1 by default. */
  readonly gamma?: number
}

const stepOptions: Schema<StepLROptions> = { stepSize: integer, gamma: nonNegative }

/** Every `stepSize` steps the rate is multiplied by `gamma`. */
export class StepLR extends LRScheduler {
  readonly stepSize: number
  readonly gamma: number

  constructor(optimizer: AnyOptimizer, options: StepLROptions) {
    super(optimizer)
    const { stepSize, gamma = 0.1 } = checkOptions('StepLR', options, stepOptions)
    requireOption('StepLR', 'stepSize', stepSize)
    if (stepSize < 1) throw new ArgumentError(`StepLR: expected stepSize to be 1 or more, got ${stepSize}`)
    this.stepSize = stepSize
    this.gamma = gamma
    this.start()
  }

  protected override rates(): readonly number[] {
    const { lastEpoch, stepSize, gamma } = this
    if (lastEpoch === 0 || lastEpoch % stepSize !== 0) return this.current()
    return this.current().map(lr => lr * gamma)
  }
}

export interface MultiStepLROptions {
  /** The numbers of the steps at which the rate changes, in any order; one that is there twice counts twice. */
  readonly milestones: readonly number[]
  /** What the rate is multiplied with; 0.1 by default. */
  readonly gamma?: number
}

export const milestonesKind = {
  expected: 'an array of integers',
  accepts: (value: unknown): boolean => isArray(value) && value.every(Number.isInteger),
}

const multiStepOptions: Schema<MultiStepLROptions> = { milestones: milestonesKind, gamma: nonNegative }

/** At each milestone the rate is multiplied by `gamma`. */
export class MultiStepLR extends LRScheduler {
  readonly milestones: readonly number[]
  readonly gamma: number

  constructor(optimizer: AnyOptimizer, options: MultiStepLROptions) {
    super(optimizer)
    const { milestones, gamma = 0.1 } = checkOptions('MultiStepLR', options, multiStepOptions)
    requireOption('MultiStepLR', 'milestones', milestones)
    this.milestones = [...milestones].sort((a, b) => a - b)
    this.gamma = gamma
    this.start()
  }

  protected override rates(): readonly number[] {
    const times = this.milestones.filter(milestone => milestone === this.lastEpoch).length
    if (times === 0) return this.current()
    return this.current().map(lr => lr * this.gamma ** times)
  }
}

export interface ExponentialLROptions {
  /** What the rate is multiplied with at each step. */
  readonly gamma: number
}

const exponentialOptions: Schema<ExponentialLROptions> = { gamma: nonNegative }

/** Each step multiplies the rate by `gamma`. */
export class ExponentialLR extends LRScheduler {
  readonly gamma: number

  constructor(optimizer: AnyOptimizer, options: ExponentialLROptions) {
    super(optimizer)
    const { gamma } = checkOptions('ExponentialLR', options, exponentialOptions)
    requireOption('ExponentialLR', 'gamma', gamma)
    this.gamma = gamma
    this.start()
  }

  protected override rates(): readonly number[] {
    return this.lastEpoch === 0 ? this.current() : this.current().map(lr => lr * this.gamma)
  }
}

export interface ConstantLROptions {
  /** What the rate is multiplied with at first; ⅓ by default. */
  readonly factor?: number
  /** After so many steps it is the initial rate; 5 by default. */
  readonly totalIters?: number
}

const constantOptions: Schema<ConstantLROptions> = { factor: fraction, totalIters: integer }

/** The rate times `factor`, until `totalIters` steps were taken. */
export class ConstantLR extends LRScheduler {
  readonly factor: number
  readonly totalIters: number

  constructor(optimizer: AnyOptimizer, options: ConstantLROptions = {}) {
    super(optimizer)
    const { factor = 1 / 3, totalIters = 5 } = checkOptions('ConstantLR', options, constantOptions)
    this.factor = factor
    this.totalIters = totalIters
    this.start()
  }

  protected override rates(): readonly number[] {
    const { lastEpoch, totalIters, factor } = this
    if (lastEpoch === 0) return this.current().map(lr => lr * factor)
    return lastEpoch === totalIters ? this.current().map(lr => lr * (1 / factor)) : this.current()
  }
}

export interface LinearLROptions {
  /** What the rate is multiplied with at first; above 0, at most 1; ⅓ by default. */
  readonly startFactor?: number
  /** What it is multiplied with at last; 1 by default. */
  readonly endFactor?: number
  /** The steps from one to the other; 5 by default. */
  readonly totalIters?: number
}

const linearOptions: Schema<LinearLROptions> = { startFactor: positive, endFactor: fraction, totalIters: integer }

/** The rate times a factor that goes from `startFactor` to `endFactor` in a straight line: a warm-up by default. */
export class LinearLR extends LRScheduler {
  readonly startFactor: number
  readonly endFactor: number
  readonly totalIters: number

  constructor(optimizer: AnyOptimizer, options: LinearLROptions = {}) {
    super(optimizer)
    const { startFactor = 1 / 3, endFactor = 1, totalIters = 5 } = checkOptions('LinearLR', options, linearOptions)
    if (startFactor > 1) throw new ArgumentError(`LinearLR: expected startFactor in (0, 1], got ${startFactor}`)
    this.startFactor = startFactor
    this.endFactor = endFactor
    this.totalIters = totalIters
    this.start()
  }

  protected override rates(): readonly number[] {
    const { lastEpoch, totalIters, startFactor, endFactor } = this
    if (lastEpoch === 0) return this.current().map(lr => lr * startFactor)
    if (lastEpoch > totalIters) return this.current()
    const rise = endFactor - startFactor
    const factor = 1 + rise / (totalIters * startFactor + (lastEpoch - 1) * rise)
    return this.current().map(lr => lr * factor)
  }
}

export interface PolynomialLROptions {
  /** The steps until the rate is 0; 5 by default. */
  readonly totalIters?: number
  /** The power of the polynomial; 1, a straight line, by default. */
  readonly power?: number
}

const polynomialOptions: Schema<PolynomialLROptions> = { totalIters: integer, power: nonNegative }

/** The initial rate times (1 − steps/totalIters) to a power. */
export class PolynomialLR extends LRScheduler {
  readonly totalIters: number
  readonly power: number

  constructor(optimizer: AnyOptimizer, options: PolynomialLROptions = {}) {
    super(optimizer)
    const { totalIters = 5, power = 1 } = checkOptions('PolynomialLR', options, polynomialOptions)
    this.totalIters = totalIters
    this.power = power
    this.start()
  }

  protected override rates(): readonly number[] {
    const { lastEpoch, totalIters, power } = this
    if (lastEpoch === 0 || lastEpoch > totalIters) return this.current()
    const factor = ((1 - lastEpoch / totalIters) / (1 - (lastEpoch - 1) / totalIters)) ** power
    return this.current().map(lr => lr * factor)
  }
}

type Factor = (epoch: number) => number

/** One function for each group. @throws ArgumentError for something else. */
function factorsOf(owner: string, factors: Factor | readonly Factor[], groups: number): readonly Factor[] {
  const list = typeof factors === 'function' ? new Array<Factor>(groups).fill(factors) : factors
  if (isArray(list) && list.length === groups && list.every(each => typeof each === 'function')) return list
  throw new ArgumentError(
    `${owner}: expected a function, or one for each of ${groups} groups, got ${showValue(factors)}`,
  )
}

/** The initial rate times what a function of the number of steps gives. The functions are not part of the state. */
export class LambdaLR extends LRScheduler {
  readonly #factors: readonly Factor[]

  /** @param factors one function, or one for each group. */
  constructor(optimizer: AnyOptimizer, factors: Factor | readonly Factor[]) {
    super(optimizer)
    this.#factors = factorsOf('LambdaLR', factors, this.baseLrs.length)
    this.start()
  }

  protected override rates(): readonly number[] {
    return this.baseLrs.map((lr, i) => lr * this.#factors[i](this.lastEpoch))
  }
}

/** Each step multiplies the rate by what a function of the number of steps gives. */
export class MultiplicativeLR extends LRScheduler {
  readonly #factors: readonly Factor[]

  /** @param factors one function, or one for each group. */
  constructor(optimizer: AnyOptimizer, factors: Factor | readonly Factor[]) {
    super(optimizer)
    this.#factors = factorsOf('MultiplicativeLR', factors, this.baseLrs.length)
    this.start()
  }

  protected override rates(): readonly number[] {
    if (this.lastEpoch === 0) return this.current()
    return this.current().map((lr, i) => lr * this.#factors[i](this.lastEpoch))
  }
}
