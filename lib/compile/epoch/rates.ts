// The learning rates of an epoch: tabulated where the number of batches is known, else computed batch by batch.

import { ArgumentError } from '../../base/errors.js'
import type { Storage } from '../../core/storage.js'
import type { Tabulated } from '../../optim/group.js'
import type { ScheduledNumber } from '../plan.js'
import type { Schedule } from './options.js'

type Rate = (batch: number, group: number) => number

export class Rates {
  /** The arrays that rates are written to, by schedule. */
  readonly targets: readonly (readonly Storage[])[]
  readonly #schedules: readonly Schedule[]
  readonly #table: readonly Tabulated[] | undefined
  #before: readonly { readonly storage: Storage; readonly at: number; readonly value: number }[] = []

  /** @throws ArgumentError for another number of rates than batches, or for one that the optimizer refuses. */
  constructor(schedules: readonly Schedule[], batches: number | undefined) {
    this.#schedules = schedules
    for (const { lr } of schedules) {
      if (typeof lr === 'function' || batches === undefined || lr.length === batches) continue
      throw new ArgumentError(`epoch: expected a schedule of ${batches} rates, one for each batch, got ${lr.length}`)
    }
    this.targets = schedules.map(({ optimizer }) => optimizer.tabulate(0, () => 0).map(({ storage }) => storage))
    this.#table = batches === undefined ? undefined : this.#tabulate(batches, 0)
  }

  #tabulate(count: number, first: number): Tabulated[] {
    return this.#schedules.flatMap(({ optimizer, lr }) => {
      const rate: Rate = typeof lr === 'function' ? lr : batch => lr[batch]
      return optimizer.tabulate(count, (batch, group) => rate(first + batch, group))
    })
  }

  /** The rates of the batches `from` … `to` − 1, for a native epoch. */
  scheduled(from: number, to: number): ScheduledNumber[] {
    return (this.#table ?? []).map(({ storage, at, values }) => ({
      target: storage.memory,
      at,
      values: values.subarray(from, to),
    }))
  }

  /** Writes those of one batch. @throws ArgumentError where there is none for it. */
  apply(batch: number): void {
    for (const { lr } of this.#schedules) {
      if (typeof lr === 'function' || batch < lr.length) continue
      throw new ArgumentError(`epoch: expected a schedule with a rate for each batch, got ${lr.length} rates`)
    }
    const rates = this.#table ?? this.#tabulate(1, batch)
    const place = this.#table === undefined ? 0 : batch
    this.#before = rates.map(({ storage, at }) => ({ storage, at, value: storage.memory[at] }))
    for (const { storage, at, values } of rates) storage.memory[at] = values[place]
    this.touch()
  }

  /** Notes that rates were written. */
  touch(): void {
    for (const storage of this.targets.flat()) storage.version++
  }

  /** Takes back what `apply` wrote last. */
  undo(): void {
    for (const { storage, at, value } of this.#before) storage.memory[at] = value
  }
}
