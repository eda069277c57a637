// Schedulers that raise the rate and lower it again, momentum the other way (Smith 2017; Smith and Topin 2018).

import { ArgumentError } from '../../base/errors.js'
import {
  checkedWhereUsed,
  checkOptions,
  finite,
  flag,
  fraction,
  func,
  integer,
  oneOf,
  positive,
  type Schema,
} from '../../base/options.js'
import { requireOption } from './decay.js'
import { checkMomentum, perGroup, setMomentum } from './momentum.js'
import { type AnyOptimizer, checkOptimizer, groupsOf, LRScheduler } from './scheduler.js'

type PerGroup = number | readonly number[]

export interface CyclicLROptions {
  /** The lowest rate, or one for each group. */
  readonly baseLr: PerGroup
  /** The highest rate of the first cycle, or one for each group. */
  readonly maxLr: PerGroup
  /** The steps from the lowest rate to the highest; 2,000 by default. */
  readonly stepSizeUp?: number
  /** The steps back; `stepSizeUp` by default. */
  readonly stepSizeDown?: number
  /** Cycles of one height (by default), halved each time, or times gamma to the power of the steps. */
  readonly mode?: 'triangular' | 'triangular2' | 'exp_range'
  readonly gamma?: number
  /** The height as a function of the cycle's number (from 1) or of the steps, in the place of `mode`. Not part of the state. */
  readonly scaleFn?: (x: number) => number
  /** What `scaleFn` is given: the cycle's number (by default) or the steps. */
  readonly scaleMode?: 'cycle' | 'iterations'
  /** Whether momentum goes the other way; true by default. */
  readonly cycleMomentum?: boolean
  /** 0.8 by default. */
  readonly baseMomentum?: PerGroup
  /** 0.9 by default. */
  readonly maxMomentum?: PerGroup
}

const cyclicOptions: Schema<CyclicLROptions> = {
  baseLr: checkedWhereUsed,
  maxLr: checkedWhereUsed,
  stepSizeUp: positive,
  stepSizeDown: positive,
  mode: oneOf('triangular', 'triangular2', 'exp_range'),
  gamma: finite,
  scaleFn: func,
  scaleMode: oneOf('cycle', 'iterations'),
  cycleMomentum: flag,
  baseMomentum: checkedWhereUsed,
  maxMomentum: checkedWhereUsed,
}

/** The rate goes up and down between two rates, along straight lines. A step is a batch. */
export class CyclicLR extends LRScheduler {
  readonly #low: readonly number[]
  readonly #high: readonly number[]
  readonly #total: number
  readonly #ratio: number
  readonly #scale: (cycle: number, step: number) => number
  readonly #momenta: { readonly low: readonly number[]; readonly high: readonly number[] } | undefined

  constructor(optimizer: AnyOptimizer, options: CyclicLROptions) {
    checkOptimizer('CyclicLR', optimizer)
    const checked = checkOptions('CyclicLR', options, cyclicOptions)
    requireOption('CyclicLR', 'baseLr', checked.baseLr)
    requireOption('CyclicLR', 'maxLr', checked.maxLr)
    const groups = groupsOf(optimizer)
    const low = perGroup('CyclicLR', 'baseLr', checked.baseLr, groups.length)
    const high = perGroup('CyclicLR', 'maxLr', checked.maxLr, groups.length)
    const { stepSizeUp = 2000, stepSizeDown = stepSizeUp, mode = 'triangular', gamma = 1 } = checked
    const { scaleFn, scaleMode = 'cycle', cycleMomentum = true, baseMomentum = 0.8, maxMomentum = 0.9 } = checked
    if (cycleMomentum) checkMomentum('CyclicLR', optimizer)
    const momenta = cycleMomentum
      ? {
          low: perGroup('CyclicLR', 'baseMomentum', baseMomentum, groups.length),
          high: perGroup('CyclicLR', 'maxMomentum', maxMomentum, groups.length),
        }
      : undefined
    for (const [i, group] of groups.entries()) group.lr = low[i]
    super(optimizer)
    this.#low = low
    this.#high = high
    this.#total = stepSizeUp + stepSizeDown
    this.#ratio = stepSizeUp / this.#total
    this.#momenta = momenta
    this.#scale = (cycle, step) => {
      if (scaleFn !== undefined) return scaleFn(scaleMode === 'cycle' ? cycle : step)
      return mode === 'triangular' ? 1 : mode === 'triangular2' ? 1 / 2 ** (cycle - 1) : gamma ** step
    }
    this.start()
  }

  protected override rates(): readonly number[] {
    const { lastEpoch } = this
    const cycle = Math.floor(1 + lastEpoch / this.#total)
    const x = 1 + lastEpoch / this.#total - cycle
    const rise = x <= this.#ratio ? x / this.#ratio : (x - 1) / (this.#ratio - 1)
    const height = this.#scale(cycle, lastEpoch)
    if (this.#momenta !== undefined) {
      const { low, high } = this.#momenta
      for (const [i, group] of groupsOf(this.optimizer).entries()) {
        setMomentum(group, high[i] - (high[i] - low[i]) * rise * height)
      }
    }
    return this.#low.map((lr, i) => lr + (this.#high[i] - lr) * rise * height)
  }
}

export interface OneCycleLROptions {
  /** The highest rate, or one for each group. */
  readonly maxLr: PerGroup
  /** The steps of the cycle; or `epochs` times `stepsPerEpoch`. */
  readonly totalSteps?: number
  readonly epochs?: number
  readonly stepsPerEpoch?: number
  /** The share of the steps in which the rate rises; 0.3 by default. */
  readonly pctStart?: number
  /** Along a cosine (by default) or a straight line. */
  readonly annealStrategy?: 'cos' | 'linear'
  /** Whether momentum goes the other way; true by default. */
  readonly cycleMomentum?: boolean
  /** 0.85 by default. */
  readonly baseMomentum?: PerGroup
  /** 0.95 by default. */
  readonly maxMomentum?: PerGroup
  /** The highest rate over the first; 25 by default. */
  readonly divFactor?: number
  /** The first rate over the last; 10,000 by default. */
  readonly finalDivFactor?: number
  /** Whether the rate goes down to the first one as it rose, and then to the last one; false by default. */
  readonly threePhase?: boolean
}

const oneCycleOptions: Schema<OneCycleLROptions> = {
  maxLr: checkedWhereUsed,
  totalSteps: integer,
  epochs: integer,
  stepsPerEpoch: integer,
  pctStart: fraction,
  annealStrategy: oneOf('cos', 'linear'),
  cycleMomentum: flag,
  baseMomentum: checkedWhereUsed,
  maxMomentum: checkedWhereUsed,
  divFactor: positive,
  finalDivFactor: positive,
  threePhase: flag,
}

type Point = 'initial' | 'max' | 'min'
interface Phase {
  readonly end: number
  readonly from: Point
  readonly to: Point
}

/** One cycle: the rate rises, falls, and ends far below where it began. A step is a batch. */
export class OneCycleLR extends LRScheduler {
  readonly totalSteps: number
  readonly #phases: readonly Phase[]
  /** By group, the rates at the ends of the phases. */
  readonly #points: readonly Readonly<Record<Point, number>>[]
  readonly #momenta: { readonly low: readonly number[]; readonly high: readonly number[] } | undefined
  readonly #isCosine: boolean

  constructor(optimizer: AnyOptimizer, options: OneCycleLROptions) {
    super(optimizer)
    const checked = checkOptions('OneCycleLR', options, oneCycleOptions)
    requireOption('OneCycleLR', 'maxLr', checked.maxLr)
    const { epochs = Number.NaN, stepsPerEpoch = Number.NaN, pctStart = 0.3, threePhase = false } = checked
    const { totalSteps = epochs * stepsPerEpoch, divFactor = 25, finalDivFactor = 1e4 } = checked
    const { cycleMomentum = true, baseMomentum = 0.85, maxMomentum = 0.95 } = checked
    if (!(totalSteps >= 1)) {
      throw new ArgumentError('OneCycleLR: expected totalSteps, or epochs and stepsPerEpoch, to be 1 or more')
    }
    const groups = groupsOf(optimizer)
    if (cycleMomentum) {
      checkMomentum('OneCycleLR', optimizer)
      this.#momenta = {
        low: perGroup('OneCycleLR', 'baseMomentum', baseMomentum, groups.length),
        high: perGroup('OneCycleLR', 'maxMomentum', maxMomentum, groups.length),
      }
    }
    this.totalSteps = totalSteps
    this.#isCosine = (checked.annealStrategy ?? 'cos') === 'cos'
    this.#points = perGroup('OneCycleLR', 'maxLr', checked.maxLr, groups.length).map(max => ({
      max,
      initial: max / divFactor,
      min: max / divFactor / finalDivFactor,
    }))
    const end = totalSteps - 1
    const rise: Phase = { end: pctStart * totalSteps - 1, from: 'initial', to: 'max' }
    this.#phases = threePhase
      ? [rise, { end: 2 * pctStart * totalSteps - 2, from: 'max', to: 'initial' }, { end, from: 'initial', to: 'min' }]
      : [rise, { end, from: 'max', to: 'min' }]
    this.start()
  }

  /** @throws ArgumentError beyond the cycle's steps. */
  override step(): void {
    if (this.lastEpoch >= this.totalSteps) {
      throw new ArgumentError(`OneCycleLR: expected at most ${this.totalSteps} steps, got another`)
    }
    super.step()
  }

  protected override rates(): readonly number[] {
    const step = this.lastEpoch
    const last = this.#phases.length - 1
    const at = this.#phases.findIndex(({ end }, i) => step <= end || i === last)
    const start = at === 0 ? 0 : this.#phases[at - 1].end
    const { end, from, to } = this.#phases[at]
    const share = (step - start) / (end - start)
    const between = (a: number, b: number): number =>
      this.#isCosine ? b + ((a - b) / 2) * (Math.cos(Math.PI * share) + 1) : (b - a) * share + a
    if (this.#momenta !== undefined) {
      const { low, high } = this.#momenta
      const at = (point: Point, i: number): number => (point === 'max' ? low[i] : high[i])
      for (const [i, group] of groupsOf(this.optimizer).entries()) setMomentum(group, between(at(from, i), at(to, i)))
    }
    return this.#points.map(points => between(points[from], points[to]))
  }
}
