// What all learning-rate schedulers share: the initial rates, the count of steps, saved state.

import { isArray } from '../../base/containers.js'
import { ArgumentError, showValue } from '../../base/errors.js'
import { Optimizer } from '../optimizer.js'

/** What a scheduler is made for: any optimizer of this package. */
// biome-ignore lint/suspicious/noExplicitAny: a group's settings differ between optimizers
export type AnyOptimizer = Optimizer<any>

/** A group's settings, by name. */
export type Settings = Record<string, unknown> & { lr: number }

/** A scheduler's state: plain data, fit for JSON. */
export type SchedulerState = Readonly<Record<string, unknown>>

/** By group, the settings that it had when the first scheduler was made for it. */
const initial = new WeakMap<object, { readonly lr: number }>()

/** The group's rate before any scheduler changed it. */
export function initialRate(group: Settings): number {
  const known = initial.get(group)
  if (known !== undefined) return known.lr
  initial.set(group, { lr: group.lr })
  return group.lr
}

export const groupsOf = (optimizer: AnyOptimizer): readonly Settings[] =>
  optimizer.paramGroups as unknown as readonly Settings[]

/** @throws ArgumentError if `optimizer` is none. */
export function checkOptimizer(name: string, optimizer: AnyOptimizer): void {
  if (optimizer instanceof Optimizer) return
  throw new ArgumentError(`${name}: expected an optimizer, got ${showValue(optimizer)}`)
}

/**
 * The base of the schedulers, and of yours: a subclass gives the rates of the groups after `lastEpoch` steps in `rates`.
 * The first rates are set when it is made, by its constructor's call of `start`. `step()` sets the next ones: once an epoch,
 * or once a batch, as the scheduler's numbers are meant.
 */
export abstract class LRScheduler {
  readonly optimizer: AnyOptimizer
  /** How many steps were taken. */
  lastEpoch = -1
  /** Each group's rate before any scheduler changed it. */
  readonly baseLrs: readonly number[]
  #last: readonly number[] = []

  /** @throws ArgumentError if `optimizer` is none. */
  constructor(optimizer: AnyOptimizer) {
    checkOptimizer(new.target.name, optimizer)
    this.optimizer = optimizer
    this.baseLrs = groupsOf(optimizer).map(initialRate)
  }

  /** The rates of the groups, given how many steps were taken and the rates that are set. */
  protected abstract rates(): readonly number[]

  /** Sets the first rates. A constructor calls it when all fields are there. */
  protected start(): void {
    this.lastEpoch = -1
    this.step()
  }

  /** Takes a step and sets the groups' rates. */
  step(): void {
    this.lastEpoch++
    this.write(this.rates())
  }

  /** Goes back to the start, as SequentialLR does where a scheduler's turn begins. */
  restart(): void {
    for (const [i, group] of groupsOf(this.optimizer).entries()) group.lr = this.baseLrs[i]
    this.start()
  }

  protected write(rates: readonly number[]): void {
    for (const [i, group] of groupsOf(this.optimizer).entries()) group.lr = rates[i]
    this.#last = groupsOf(this.optimizer).map(({ lr }) => lr)
  }

  /** The rates that were set last, one for each group. */
  getLastLr(): readonly number[] {
    return this.#last
  }

  /** The rates that are set in the optimizer. */
  protected current(): readonly number[] {
    return groupsOf(this.optimizer).map(({ lr }) => lr)
  }

  /** What is needed to go on later, beside the optimizer's state: plain data, fit for JSON. */
  stateDict(): SchedulerState {
    return { lastEpoch: this.lastEpoch, lastLr: [...this.#last] }
  }

  /** Takes back what `stateDict` gave. @throws ArgumentError for something else. */
  loadStateDict(state: SchedulerState): void {
    const { lastEpoch, lastLr } = (state ?? {}) as { lastEpoch?: unknown; lastLr?: unknown }
    if (!Number.isInteger(lastEpoch) || !isArray(lastLr) || lastLr.length !== this.baseLrs.length) {
      throw new ArgumentError(
        `loadStateDict: expected a scheduler's state of ${this.baseLrs.length} groups, got ${showValue(state)}`,
      )
    }
    this.lastEpoch = lastEpoch as number
    this.#last = lastLr as number[]
  }
}
