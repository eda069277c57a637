// The options of a DataLoader, and their checks.

import { ArgumentError, showValue } from '../base/errors.js'
import { checkedWhereUsed, checkOptions, flag, func, type Schema } from '../base/options.js'
import type { Sample, Tensors } from './dataset.js'

export interface LoaderOptions<S extends Sample, B = Tensors<S>> {
  /** Samples per batch; null where the source gives whole batches. Default 1. */
  readonly batchSize?: number | null | undefined
  /** Whether each epoch has an order of its own. Default false. */
  readonly shuffle?: boolean | undefined
  /** The seed of the orders: an integer from 0 to 2⁵³ − 1. Default 0. */
  readonly seed?: number | undefined
  /** Whether to leave out a last batch that is not full. Default false. */
  readonly dropLast?: boolean | undefined
  /**
   * How many batches asynchronous iteration reads ahead. Default 2; 0 for a dataset that gathers whole batches from
   * memory, such as TensorDataset.
   */
  readonly prefetch?: number | undefined
  /** Transforms each batch. It may return a promise where the loader is iterated with `for await`. */
  readonly transform?: ((batch: Tensors<S>) => B | Promise<B>) | undefined
}

/** The options without `transform`, all present but `prefetch`, whose default depends on the source. */
export interface Checked {
  readonly batchSize: number | null
  readonly shuffle: boolean
  readonly seed: number
  readonly dropLast: boolean
  readonly prefetch: number | undefined
}

const schema: Schema<LoaderOptions<Sample, unknown>> = {
  batchSize: checkedWhereUsed,
  shuffle: flag,
  seed: checkedWhereUsed,
  dropLast: flag,
  prefetch: checkedWhereUsed,
  transform: func,
}

/**
 * @param source `gathers`: a dataset that makes batches of its samples itself, so that none of them is a whole batch.
 * @throws ArgumentError for an option that is not possible.
 */
export function checkLoaderOptions<S extends Sample, B>(
  options: LoaderOptions<S, B>,
  { isDataset, gathers }: { readonly isDataset: boolean; readonly gathers: boolean },
): Checked {
  const checked = checkOptions('DataLoader', options, schema as Schema<LoaderOptions<S, B>>)
  const { batchSize = 1, shuffle = false, seed = 0, dropLast = false, prefetch } = checked
  if (batchSize === null && gathers) {
    throw new ArgumentError(
      'DataLoader: expected batchSize to be an integer of at least 1, got null: the dataset gives single samples',
    )
  }
  if (batchSize !== null) checkInteger('batchSize', batchSize, 1)
  checkInteger('seed', seed, 0)
  if (prefetch !== undefined) checkInteger('prefetch', prefetch, 0)
  if (shuffle && !isDataset) {
    throw new ArgumentError('DataLoader: a stream has an order of its own: expected shuffle false, got true')
  }
  return { batchSize, shuffle, seed, dropLast, prefetch }
}

/** @throws ArgumentError unless `value` is an integer from `least` to 2⁵³ − 1. */
export function checkInteger(name: string, value: unknown, least: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= least) return
  throw new ArgumentError(`DataLoader: expected ${name} to be an integer of at least ${least}, got ${showValue(value)}`)
}
