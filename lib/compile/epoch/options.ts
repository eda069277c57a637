// What step.epoch can be told and what it gives, as types, and the check of it.

import { ArgumentError, showValue } from '../../base/errors.js'
import { checkedWhereUsed, checkOptions, func, type Schema } from '../../base/options.js'
import type { Tensor } from '../../core/tensor.js'
import { Optimizer } from '../../optim/optimizer.js'

/** The learning rates of an epoch, one for each batch; afterwards `optimizer.lr` is that of the last batch. */
export interface Schedule {
  /** Whose: one whose `step()` the compiled function calls. */
  readonly optimizer: Pick<Optimizer, 'lr' | 'tabulate'>
  /**
   * The rates of all batches, for all groups of parameters; or a function of the batch's number and the group's, both
   * from 0, which is called for every batch before the first runs (batch by batch for a stream).
   */
  readonly lr: ArrayLike<number> | ((batch: number, group: number) => number)
}

export interface EpochOptions<R = Tensor> {
  /** Learning rates by batch: of one optimizer, or of several. */
  readonly schedule?: Schedule | readonly Schedule[] | undefined
  /**
   * Called at most ten times a second, between two batches, and once at the end. An exception in it ends the epoch, which
   * rejects with it.
   */
  readonly onProgress?: ((progress: EpochProgress<R>) => void) | undefined
  /** Ends the epoch after the batch in progress; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/** A structure of scalar tensors as numbers. */
export type Numbers<R> = R extends Tensor ? number : R extends object ? { [K in keyof R]: Numbers<R[K]> } : R

/** How far an epoch is: the last batch that is over. */
export type EpochProgress<R = Tensor> = {
  /** How many batches are over. */
  readonly batch: number
  /** How many there are; undefined for a stream. */
  readonly batches: number | undefined
  /** How many samples those that are over had. */
  readonly samples: number
} & (R extends Tensor
  ? {
      /** Of the last batch. */
      readonly loss: number
      /** Over the samples so far. */
      readonly mean: number
    }
  : {
      /** Of the last batch. */
      readonly results: Numbers<R>
      /** Over the samples so far. */
      readonly means: Numbers<R>
    })

/** What an epoch gives: for a function that returns one scalar, or for one that returns a structure of scalars. */
export type EpochResult<R> = R extends Tensor
  ? {
      /** [batches], of the result's dtype. */
      readonly losses: Tensor
      /** Each batch weighted by its samples. */
      readonly mean: number
    }
  : {
      /** What the function returns, each scalar become [batches]. */
      readonly results: R
      /** The same as numbers: each batch weighted by its samples. */
      readonly means: Numbers<R>
    }

const schema: Schema<EpochOptions> = { schedule: checkedWhereUsed, onProgress: func, signal: checkedWhereUsed }

/** @throws ArgumentError for an option that is not possible. */
export function checkEpochOptions<R>(options: EpochOptions<R>): EpochOptions<R> {
  const { signal } = checkOptions('epoch', options, schema as Schema<EpochOptions<R>>)
  if (signal === undefined || signal instanceof AbortSignal) return options
  throw new ArgumentError(`epoch: expected signal to be an AbortSignal, got ${showValue(signal)}`)
}

/** The schedules, each with an optimizer and rates. @throws ArgumentError for something else. */
export function schedulesOf(schedule: EpochOptions['schedule']): readonly Schedule[] {
  const list: readonly unknown[] = schedule === undefined ? [] : Array.isArray(schedule) ? schedule : [schedule]
  for (const each of list) {
    const { optimizer, lr } = (each ?? {}) as Partial<Schedule>
    const hasRates = typeof lr === 'function' || Array.isArray(lr) || ArrayBuffer.isView(lr)
    if (optimizer instanceof Optimizer && hasRates) continue
    throw new ArgumentError(
      `epoch: expected schedule to be { optimizer, lr }, lr an array or a function, got ${showValue(each)}`,
    )
  }
  return list as readonly Schedule[]
}
