// DataLoader: batches of a dataset or a stream, epoch after epoch. How they are picked, stacked and read ahead is not
// here (see batches.ts, batch.ts and read-ahead.ts).

import { setImmediate as nextTurn } from 'node:timers/promises'
import { ArgumentError, showValue } from '../base/errors.js'
import type { Tensor } from '../core/tensor.js'
import { groupBatches, groupBatchesLater, pickBatches } from './batches.js'
import { type Dataset, type Sample, type Stream, TensorDataset, type Tensors } from './dataset.js'
import { checkInteger, checkLoaderOptions, type LoaderOptions } from './loader-options.js'
import { naturalOrder, shuffledOrder } from './order.js'
import { readAhead } from './read-ahead.js'

/**
 * An epoch to come: the number of its batches, where it is known; of plain tensors, `count` of their rows, in an order
 * that takes a while to find where there are many.
 */
export interface Upcoming {
  readonly batches: number | undefined
  readonly rows:
    | {
        readonly tensors: readonly Tensor[]
        readonly count: number
        readonly order: () => Int32Array
        readonly batchSize: number
      }
    | undefined
}

/**
 * Batches of samples: `for (const [x, y] of loader)`, or `for await`, which hands the event loop a turn before each
 * batch and reads ahead. Each iteration is an epoch: a dataset once through, in an order that is a function of `seed`
 * and the epoch's number alone.
 */
export class DataLoader<S extends Sample, B = Tensors<S>> {
  /** Samples per batch; null where the source gives whole batches. */
  readonly batchSize: number | null
  readonly shuffle: boolean
  readonly seed: number
  readonly dropLast: boolean
  /** How many batches asynchronous iteration reads ahead. */
  readonly prefetch: number
  readonly #source: Dataset<S> | Stream<S>
  readonly #transform: ((batch: Tensors<S>) => B | Promise<B>) | undefined
  #epoch = 0

  /**
   * @param source a dataset (`length` and `get`), or a stream: anything iterable, synchronously or not, that gives
   * samples. A generator gives one epoch only.
   * @throws ArgumentError for an option that is not possible: a batch size of 0, a stream to be shuffled.
   */
  constructor(source: Dataset<S> | Stream<S>, options: LoaderOptions<S, B> = {}) {
    if (!isDataset(source) && !isIterable(source) && !isAsyncIterable(source)) {
      throw new ArgumentError(`DataLoader: expected a dataset or an iterable of samples, got ${showValue(source)}`)
    }
    const { batchSize, shuffle, seed, dropLast, prefetch } = checkLoaderOptions(options, {
      isDataset: isDataset(source),
      gathers: isDataset(source) && source.batch !== undefined,
    })
    this.batchSize = batchSize
    this.shuffle = shuffle
    this.seed = seed
    this.dropLast = dropLast
    this.prefetch = prefetch ?? (isDataset(source) && source.batch ? 0 : 2)
    this.#source = source
    this.#transform = options.transform
  }

  /** The number of the next iteration, from 0; set it to resume a training. */
  get epoch(): number {
    return this.#epoch
  }

  set epoch(value: number) {
    checkInteger('epoch', value, 0)
    this.#epoch = value
  }

  /** The number of batches in an epoch. @throws ArgumentError for a stream. */
  get length(): number {
    const batches = this.#dataset('length').length / (this.batchSize ?? 1)
    return this.dropLast ? Math.floor(batches) : Math.ceil(batches)
  }

  /**
   * The dataset's indices in the order in which `epoch` visits them; batch b is `batchSize` of them from b·batchSize.
   * @throws ArgumentError for a stream.
   */
  order(epoch: number): Int32Array {
    const { length } = this.#dataset('order')
    checkInteger('epoch', epoch, 0)
    return this.shuffle ? shuffledOrder(length, this.seed, epoch) : naturalOrder(length)
  }

  /** The next epoch, without starting it. @internal Library code only. */
  upcoming(): Upcoming {
    const source = this.#source
    if (!isDataset(source)) return { batches: undefined, rows: undefined }
    const isPlain = source instanceof TensorDataset && source.batch === TensorDataset.prototype.batch
    const isOwn = this[Symbol.asyncIterator] === DataLoader.prototype[Symbol.asyncIterator]
    if (!isPlain || !isOwn || this.#transform || this.batchSize === null) {
      return { batches: this.length, rows: undefined }
    }
    const { batchSize, length: batches } = this
    const epoch = this.#epoch
    const count = this.dropLast ? batches * batchSize : source.length
    const tensors: readonly Tensor[] = source.tensors
    return { batches, rows: { tensors, count, order: () => this.#visited(epoch), batchSize } }
  }

  /** The batches of the next epoch. @throws ArgumentError where the samples or the transform are promised. */
  [Symbol.iterator](): IterableIterator<B> {
    if (!isDataset(this.#source) && !isIterable(this.#source)) throw needsAwait()
    return this.#now(this.#batches(this.#source, this.#epoch++))
  }

  /** The batches of the next epoch, `prefetch` of them read ahead; stopping early closes a stream. */
  [Symbol.asyncIterator](): AsyncIterableIterator<B> {
    const source = this.#source
    const batches = isDataset(source)
      ? this.#batches(source, this.#epoch)
      : groupBatchesLater(source, this.batchSize, this.dropLast)
    this.#epoch++
    return withTurns(readAhead(this.#later(batches), this.prefetch))
  }

  #batches(source: Dataset<S> | Iterable<S>, epoch: number): Iterable<Tensors<S> | Promise<Tensors<S>>> {
    if (!isDataset(source)) return groupBatches(source, this.batchSize, this.dropLast)
    return pickBatches(source, this.#visited(epoch), this.batchSize)
  }

  #visited(epoch: number): Int32Array {
    const order = this.order(epoch)
    return this.dropLast ? order.subarray(0, this.length * (this.batchSize ?? 1)) : order
  }

  *#now(batches: Iterable<Tensors<S> | Promise<Tensors<S>>>): Generator<B, void, undefined> {
    for (const batch of batches) {
      const result = batch instanceof Promise ? batch : this.#transformed(batch)
      if (result instanceof Promise) {
        result.catch(() => {})
        throw needsAwait()
      }
      yield result
    }
  }

  async *#later(
    batches: Iterable<Tensors<S> | Promise<Tensors<S>>> | AsyncIterable<Tensors<S>>,
  ): AsyncGenerator<B, void, undefined> {
    for await (const batch of batches) yield await this.#transformed(batch)
  }

  #transformed(batch: Tensors<S>): B | Promise<B> {
    return this.#transform ? this.#transform(batch) : (batch as B)
  }

  #dataset(property: string): Dataset<S> {
    if (isDataset(this.#source)) return this.#source
    throw new ArgumentError(`DataLoader.${property}: expected a dataset, got a stream, whose length is not known`)
  }
}

const needsAwait = (): ArgumentError =>
  new ArgumentError('DataLoader: expected `for await`, since samples are promised here, got `for`')

async function* withTurns<B>(batches: AsyncIterable<B>): AsyncGenerator<B, void, undefined> {
  for await (const batch of batches) {
    await nextTurn()
    yield batch
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

const isDataset = <S extends Sample>(source: Dataset<S> | Stream<S>): source is Dataset<S> =>
  isObject(source) && 'get' in source && typeof source.get === 'function' && 'length' in source

const isIterable = <S extends Sample>(source: Dataset<S> | Stream<S>): source is Iterable<S> =>
  isObject(source) && Symbol.iterator in source

const isAsyncIterable = <S extends Sample>(source: Dataset<S> | Stream<S>): source is AsyncIterable<S> =>
  isObject(source) && Symbol.asyncIterator in source
