// Schedulers made of others: one after another, or all at once.

import { isArray } from '../../base/containers.js'
import { ArgumentError, showValue } from '../../base/errors.js'
import { checkOptions, type Schema } from '../../base/options.js'
import { milestonesKind, requireOption } from './decay.js'
import { type AnyOptimizer, groupsOf, LRScheduler, type SchedulerState } from './scheduler.js'

/** @throws ArgumentError for a list that is empty, or has what is no scheduler of `optimizer`. */
function checkSchedulers(owner: string, schedulers: readonly LRScheduler[], optimizer?: AnyOptimizer): void {
  const isList = isArray(schedulers) && schedulers.length > 0
  const other = isList ? schedulers.find(each => !(each instanceof LRScheduler)) : schedulers
  if (!isList || other !== undefined) {
    throw new ArgumentError(
      `${owner}: expected a list of schedulers (not of ReduceLROnPlateau), got ${showValue(other)}`,
    )
  }
  if (schedulers.some(each => each.optimizer !== (optimizer ?? schedulers[0].optimizer))) {
    throw new ArgumentError(`${owner}: expected schedulers of one optimizer`)
  }
}

/** The states of several schedulers, in order. */
function loadAll(schedulers: readonly LRScheduler[], state: SchedulerState): void {
  const states = state?.schedulers
  if (!isArray(states) || states.length !== schedulers.length) {
    throw new ArgumentError(
      `loadStateDict: expected states of ${schedulers.length} schedulers, got ${showValue(state)}`,
    )
  }
  for (const [i, scheduler] of schedulers.entries()) scheduler.loadStateDict(states[i])
}

export interface SequentialLROptions {
  readonly schedulers: readonly LRScheduler[]
  /** The numbers of the steps at which the second scheduler's turn begins, the third's, …: one fewer than schedulers. */
  readonly milestones: readonly number[]
}

const sequentialOptions: Schema<SequentialLROptions> = {
  schedulers: { expected: 'an array of schedulers', accepts: isArray },
  milestones: milestonesKind,
}

/** One scheduler after another, each from its start: `LinearLR` and then `CosineAnnealingLR` is a warm-up. */
export class SequentialLR extends LRScheduler {
  readonly schedulers: readonly LRScheduler[]
  readonly milestones: readonly number[]

  constructor(optimizer: AnyOptimizer, options: SequentialLROptions) {
    super(optimizer)
    const { schedulers, milestones } = checkOptions('SequentialLR', options, sequentialOptions)
    requireOption('SequentialLR', 'schedulers', schedulers)
    requireOption('SequentialLR', 'milestones', milestones)
    checkSchedulers('SequentialLR', schedulers, optimizer)
    if (milestones.length !== schedulers.length - 1) {
      throw new ArgumentError(
        `SequentialLR: expected ${schedulers.length - 1} milestones for ${schedulers.length} schedulers, got ${milestones.length}`,
      )
    }
    this.schedulers = schedulers
    this.milestones = milestones
    this.start()
  }

  protected override rates(): readonly number[] {
    const turn = this.milestones.filter(milestone => milestone <= this.lastEpoch).length
    const scheduler = this.schedulers[turn]
    if (this.lastEpoch === 0 || this.milestones[turn - 1] === this.lastEpoch) scheduler.restart()
    else scheduler.step()
    return this.current()
  }

  override stateDict(): SchedulerState {
    return { ...super.stateDict(), schedulers: this.schedulers.map(each => each.stateDict()) }
  }

  override loadStateDict(state: SchedulerState): void {
    super.loadStateDict(state)
    loadAll(this.schedulers, state)
  }
}

/** Several schedulers that step together, each multiplying the rate that the one before it has set. */
export class ChainedScheduler extends LRScheduler {
  readonly schedulers: readonly LRScheduler[]

  constructor(schedulers: readonly LRScheduler[]) {
    checkSchedulers('ChainedScheduler', schedulers)
    super(schedulers[0].optimizer)
    this.schedulers = schedulers
    this.lastEpoch = 0
    this.write(groupsOf(this.optimizer).map(({ lr }) => lr))
  }

  protected override rates(): readonly number[] {
    for (const scheduler of this.schedulers) scheduler.step()
    return this.current()
  }

  override restart(): void {
    for (const [i, group] of groupsOf(this.optimizer).entries()) group.lr = this.baseLrs[i]
    this.lastEpoch = 0
    for (const scheduler of this.schedulers) {
      // Each multiplies by its first factor.
      scheduler.lastEpoch = -1
      scheduler.step()
    }
    this.write(this.current())
  }

  override stateDict(): SchedulerState {
    return { ...super.stateDict(), schedulers: this.schedulers.map(each => each.stateDict()) }
  }

  override loadStateDict(state: SchedulerState): void {
    super.loadStateDict(state)
    loadAll(this.schedulers, state)
  }
}
