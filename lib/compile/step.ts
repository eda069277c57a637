// What compile takes and gives, as types.

import type { Tensor } from '../core/tensor.js'
import type { Sample } from '../data/dataset.js'
import type { DataLoader } from '../data/loader.js'
import type { EpochOptions, EpochResult } from './epoch/options.js'

/** Positions of arguments, from 0. */
export type Positions = readonly number[]

export interface CompileOptions<S extends Positions = Positions> {
  /** Tensors from outside that the function reads as they are at each run, beside state. */
  readonly captures?: readonly Tensor[] | undefined
  /** Keep every gradient in `.grad` after a run, also those that an optimizer's step has used up. */
  readonly keepGrads?: boolean | undefined
  /** Whether elementwise kernels run joined (true): without it, results are to the bit those of eager ops. */
  readonly fusion?: boolean | undefined
  /**
   * The positions of arguments whose numbers are to steer JavaScript (a count of layers, an axis): the function gets them
   * as they are, not as tensors, and is recorded again for each other value.
   */
  readonly static?: S | undefined
}

/** What a parameter of a compiled function may be: no number, which is a tensor inside. */
export type Parameter = string | boolean | object | null | undefined

/** What a call may pass for a parameter: for a tensor a number too, which is a 0-d float32 tensor inside. */
export type Argument<T> = T extends Tensor ? T | number : T extends object ? { [K in keyof T]: Argument<T[K]> } : T

/** What a call passes for the parameters `A`. */
export type Given<A extends readonly unknown[], S extends Positions> =
  | A
  | { [K in keyof A]: K extends `${S[number]}` ? A[K] : Argument<A[K]> }

/** Nothing, or what is wrong with a function that declares a number which it gets as a tensor. */
export type NumbersAreTensors<A extends readonly unknown[], S extends Positions> = {
  [K in keyof A]: K extends `${S[number]}` ? never : A[K] extends Parameter ? never : K
}[number] extends never
  ? unknown
  : 'a number is a 0-d tensor to a compiled function: declare it as Tensor, or name its position in the option static'

/** A compiled function. */
export interface Step<A extends readonly unknown[], R, S extends Positions = readonly []> {
  /**
   * Runs off the event loop, after the steps called before it, and gives the results: fresh tensors outside the graph.
   * The arguments are copied at the call. Until it is over, touching elements of its state throws a BusyError. What
   * takes under about 100 µs runs at once, as does what uses memory that JavaScript could detach: a leaf that no module
   * owns, a buffer that a view was taken of before it was registered. What the first call of a kind records is planned
   * with turns of the event loop between.
   */
  (...args: Given<A, S>): Promise<R>
  /** Runs in place and gives the results. @throws BusyError while a step is on its way. */
  sync(...args: Given<A, S>): R
  /**
   * Runs in place and writes the results over the elements of `outs`, tensors in the structure that the function returns;
   * they may be arguments or state as well.
   * @throws ArgumentError if their structure, shapes or dtypes are others, or two of them share elements; BusyError while a step is on its way.
   */
  into(outs: R, ...args: Given<A, S>): R
  /**
   * Runs once for each batch of the loader's next epoch, off the event loop, and gives the results of all: for a function
   * that returns one scalar, `{ losses, mean }`, a tensor [batches] and the mean over the samples; for one that returns a
   * structure of scalars, `{ results, means }`, the same structures. The fields of a batch, usually [x, y], are the
   * arguments. To the bit it is as `for (const batch of loader) step.sync(...batch)`.
   *
   * Rows of a TensorDataset are gathered natively as their batch comes up, many batches in one native call; what others
   * load, or a `transform` makes, is awaited batch by batch. The last batch, if it is smaller, runs its own program.
   * `loader.epoch` moves on when the epoch begins, as by an iteration: an epoch that ends early has had its number.
   *
   * Touching elements of its state throws a BusyError until it is over, and `sync` throws; steps that are called
   * meanwhile run between two batches. Modes, `requiresGrad` and modules hold for it as they were at the call (both: with
   * the first batch, where batches are awaited); it rejects if they have changed when another program is needed. An epoch
   * that ends early (an abort, an index out of range, an exception in `onProgress`) leaves everything as it was after the
   * last whole batch, but for what a batch with a bad index wrote before it was met.
   * @param loader its batches must be lists of what the function takes.
   * @throws (rejects) ArgumentError, before anything runs, for results that are not scalars, a loader without batches, a
   * schedule that does not fit; IndexError for an index out of range, which names the batch; the signal's reason.
   */
  epoch<T extends Sample, B extends Given<A, S>>(
    loader: DataLoader<T, B>,
    options?: EpochOptions<R>,
  ): Promise<EpochResult<R>>
  /** The program that these arguments run, before and after planning, as text. */
  explain(...args: Given<A, S>): string
}
