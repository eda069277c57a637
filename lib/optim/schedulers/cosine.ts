// Schedulers along a cosine (Loshchilov and Hutter, SGDR, 2017), with and without restarts.

import { ArgumentError, showValue } from '../../base/errors.js'
import { checkOptions, finite, integer, type Schema } from '../../base/options.js'
import { requireOption } from './decay.js'
import { type AnyOptimizer, LRScheduler, type SchedulerState } from './scheduler.js'

export interface CosineAnnealingLROptions {
  /** The steps from the initial rate to `etaMin`. */
  readonly tMax: number
  /** The lowest rate; 0 by default. */
  readonly etaMin?: number
}

const annealingOptions: Schema<CosineAnnealingLROptions> = { tMax: integer, etaMin: finite }

/** Half a cosine from the initial rate down to `etaMin` in `tMax` steps, and up again in the next ones. */
export class CosineAnnealingLR extends LRScheduler {
  readonly tMax: number
  readonly etaMin: number

  constructor(optimizer: AnyOptimizer, options: CosineAnnealingLROptions) {
    super(optimizer)
    const { tMax, etaMin = 0 } = checkOptions('CosineAnnealingLR', options, annealingOptions)
    requireOption('CosineAnnealingLR', 'tMax', tMax)
    if (tMax < 1) throw new ArgumentError(`CosineAnnealingLR: expected tMax to be 1 or more, got ${tMax}`)
    this.tMax = tMax
    this.etaMin = etaMin
    this.start()
  }

  protected override rates(): readonly number[] {
    const { lastEpoch, tMax, etaMin, baseLrs } = this
    if (lastEpoch === 0) return this.current()
    if ((lastEpoch - 1 - tMax) % (2 * tMax) === 0) {
      return this.current().map((lr, i) => lr + ((baseLrs[i] - etaMin) * (1 - Math.cos(Math.PI / tMax))) / 2)
    }
    const height = (step: number): number => 1 + Math.cos((Math.PI * step) / tMax)
    const factor = height(lastEpoch) / height(lastEpoch - 1)
    return this.current().map(lr => factor * (lr - etaMin) + etaMin)
  }
}

export interface CosineAnnealingWarmRestartsOptions {
  /** The steps until the first restart. */
  readonly t0: number
  /** What the steps between two restarts are multiplied with after each; 1 by default. */
  readonly tMult?: number
  /** The lowest rate; 0 by default. */
  readonly etaMin?: number
}

const restartsOptions: Schema<CosineAnnealingWarmRestartsOptions> = { t0: integer, tMult: integer, etaMin: finite }

/** Half a cosine from the initial rate down to `etaMin`, again and again. */
export class CosineAnnealingWarmRestarts extends LRScheduler {
  readonly t0: number
  readonly tMult: number
  readonly etaMin: number
  #since = -1
  #period: number

  constructor(optimizer: AnyOptimizer, options: CosineAnnealingWarmRestartsOptions) {
    super(optimizer)
    const { t0, tMult = 1, etaMin = 0 } = checkOptions('CosineAnnealingWarmRestarts', options, restartsOptions)
    requireOption('CosineAnnealingWarmRestarts', 't0', t0)
    if (t0 < 1 || tMult < 1) {
      throw new ArgumentError(
        `CosineAnnealingWarmRestarts: expected t0 and tMult to be 1 or more, got ${t0} and ${tMult}`,
      )
    }
    this.t0 = t0
    this.tMult = tMult
    this.etaMin = etaMin
    this.#period = t0
    this.start()
  }

  protected override rates(): readonly number[] {
    if (this.lastEpoch === 0) {
      this.#since = 0
      this.#period = this.t0
    } else if (++this.#since >= this.#period) {
      this.#since %= this.#period
      this.#period *= this.tMult
    }
    const height = 1 + Math.cos((Math.PI * this.#since) / this.#period)
    return this.baseLrs.map(lr => this.etaMin + ((lr - this.etaMin) * height) / 2)
  }

  override stateDict(): SchedulerState {
    return { ...super.stateDict(), since: this.#since, period: this.#period }
  }

  override loadStateDict(state: SchedulerState): void {
    const { since, period } = state ?? {}
    if (!Number.isInteger(since) || !Number.isInteger(period)) {
      throw new ArgumentError(`loadStateDict: expected a state of CosineAnnealingWarmRestarts, got ${showValue(state)}`)
    }
    super.loadStateDict(state)
    this.#since = since as number
    this.#period = period as number
  }
}
