// The scheduler that looks at a metric.

import { ArgumentError, showValue } from '../../base/errors.js'
import { checkedWhereUsed, checkOptions, integer, nonNegative, oneOf, type Schema } from '../../base/options.js'
import { Tensor } from '../../core/tensor.js'
import { perGroup } from './momentum.js'
import { type AnyOptimizer, checkOptimizer, groupsOf, type SchedulerState } from './scheduler.js'

export interface ReduceLROnPlateauOptions {
  /** Whether a smaller metric is better (by default) or a larger one. */
  readonly mode?: 'min' | 'max'
  /** What the rate is multiplied with; below 1, 0.1 by default. */
  readonly factor?: number
  /** The steps without an improvement that are let pass; 10 by default. */
  readonly patience?: number
  /** How much better counts as better; 1e-4 by default. */
  readonly threshold?: number
  /** Whether the threshold is a share of the best metric (by default) or a difference. */
  readonly thresholdMode?: 'rel' | 'abs'
  /** The steps after a change in which bad ones do not count; 0 by default. */
  readonly cooldown?: number
  /** The lowest rate, or one for each group; 0 by default. */
  readonly minLr?: number | readonly number[]
  /** A change by less is not made; 1e-8 by default. */
  readonly eps?: number
}

const plateauOptions: Schema<ReduceLROnPlateauOptions> = {
  mode: oneOf('min', 'max'),
  factor: nonNegative,
  patience: integer,
  threshold: nonNegative,
  thresholdMode: oneOf('rel', 'abs'),
  cooldown: integer,
  minLr: checkedWhereUsed,
  eps: nonNegative,
}

/** Multiplies the rate by `factor` when a metric has not improved for more than `patience` steps. */
export class ReduceLROnPlateau {
  readonly optimizer: AnyOptimizer
  /** How many steps were taken. */
  lastEpoch = 0
  /** The best metric so far. */
  best: number
  readonly #options: Required<Omit<ReduceLROnPlateauOptions, 'minLr'>>
  readonly #least: readonly number[]
  #bad = 0
  #cooling = 0

  constructor(optimizer: AnyOptimizer, options: ReduceLROnPlateauOptions = {}) {
    checkOptimizer('ReduceLROnPlateau', optimizer)
    const { minLr = 0, ...given } = checkOptions('ReduceLROnPlateau', options, plateauOptions)
    const { mode = 'min', factor = 0.1, patience = 10, threshold = 1e-4 } = given
    const { thresholdMode = 'rel', cooldown = 0, eps = 1e-8 } = given
    if (factor >= 1) throw new ArgumentError(`ReduceLROnPlateau: expected factor to be below 1, got ${factor}`)
    this.optimizer = optimizer
    this.#options = { mode, factor, patience, threshold, thresholdMode, cooldown, eps }
    this.#least = perGroup('ReduceLROnPlateau', 'minLr', minLr, groupsOf(optimizer).length)
    this.best = mode === 'min' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
  }

  /** Takes a step, given the metric: a number or a tensor of one element. */
  step(metric: number | Tensor): void {
    const value = metric instanceof Tensor ? metric.item() : metric
    if (typeof value !== 'number') {
      throw new ArgumentError(`ReduceLROnPlateau: expected the metric as a number, got ${showValue(metric)}`)
    }
    this.lastEpoch++
    if (this.#isBetter(value)) {
      this.best = value
      this.#bad = 0
    } else this.#bad++
    if (this.#cooling > 0) {
      this.#cooling--
      this.#bad = 0
    }
    if (this.#bad <= this.#options.patience) return
    this.#reduce()
    this.#cooling = this.#options.cooldown
    this.#bad = 0
  }

  #isBetter(value: number): boolean {
    const { mode, threshold, thresholdMode } = this.#options
    const isRelative = thresholdMode === 'rel'
    if (mode === 'min') return value < (isRelative ? this.best * (1 - threshold) : this.best - threshold)
    return value > (isRelative ? this.best * (threshold + 1) : this.best + threshold)
  }

  #reduce(): void {
    const { factor, eps } = this.#options
    for (const [i, group] of groupsOf(this.optimizer).entries()) {
      const lr = Math.max(group.lr * factor, this.#least[i])
      if (group.lr - lr > eps) group.lr = lr
    }
  }

  /** The rates of the groups. */
  getLastLr(): readonly number[] {
    return groupsOf(this.optimizer).map(({ lr }) => lr)
  }

  /** What is needed to go on later, beside the optimizer's state. Infinities are text, so that it is fit for JSON. */
  stateDict(): SchedulerState {
    return { lastEpoch: this.lastEpoch, best: String(this.best), bad: this.#bad, cooling: this.#cooling }
  }

  /** Takes back what `stateDict` gave. @throws ArgumentError for something else. */
  loadStateDict(state: SchedulerState): void {
    const { lastEpoch, best, bad, cooling } = state ?? {}
    if (![lastEpoch, bad, cooling].every(Number.isInteger) || typeof best !== 'string') {
      throw new ArgumentError(`loadStateDict: expected a state of ReduceLROnPlateau, got ${showValue(state)}`)
    }
    this.lastEpoch = lastEpoch as number
    this.best = Number(best)
    this.#bad = bad as number
    this.#cooling = cooling as number
  }
}
