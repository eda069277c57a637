// Who watches an epoch hears of it a few times a second.

import type { EpochOptions, EpochProgress } from './options.js'
import type { Results } from './results.js'

/** Between two calls, in ms. */
const interval = 100

export class Progress<R> {
  readonly #onProgress: EpochOptions<R>['onProgress']
  readonly #batches: number | undefined
  #last = performance.now()

  constructor(onProgress: EpochOptions<R>['onProgress'], batches: number | undefined) {
    this.#onProgress = onProgress
    this.#batches = batches
  }

  /** Some batches more are over. The end is told by `end` alone. */
  tick(results: Results): void {
    if (performance.now() - this.#last >= interval && results.batches !== this.#batches) this.end(results)
  }

  end(results: Results): void {
    if (this.#onProgress === undefined) return
    const { batches: batch, samples } = results
    const values = results.isSingle
      ? { loss: results.last(), mean: results.means() }
      : { results: results.last(), means: results.means() }
    this.#onProgress({ batch, batches: this.#batches, samples, ...values } as unknown as EpochProgress<R>)
    this.#last = performance.now()
  }
}
