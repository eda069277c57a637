// compile: a function over tensors, recorded once for each kind of call, then run as one program.

import { isChecking } from '../base/checking.js'
import { ArgumentError, BusyError, showValue } from '../base/errors.js'
import { context } from '../core/context.js'
import { noElements, type Tensor } from '../core/tensor.js'
import type { Sample } from '../data/dataset.js'
import type { DataLoader } from '../data/loader.js'
import { ProgramCache } from './cache.js'
import { checkSame } from './check/again.js'
import type { Compiled, CompileOptions } from './compiled.js'
import { runEpoch } from './epoch/epoch.js'
import type { EpochOptions, EpochResult } from './epoch/options.js'
import { explain } from './explain.js'
import { isQueueEmpty } from './queue.js'
import { record } from './record.js'
import { runInTurn, runInto, runNow } from './running.js'
import { areOfKinds, flatten, kindsOf, type Leaf, type Tree } from './tree.js'

/** A compiled function. */
export interface Step<A extends readonly unknown[], R> {
  /**
   * Runs off the event loop, after the steps called before it, and gives the results: fresh tensors outside the graph.
   * The arguments are copied at the call. Until it is over, touching elements of its state throws a BusyError. What
   * takes under about 100 µs runs at once, as does what uses memory that JavaScript could detach: a leaf that no module
   * owns, a buffer that a view was taken of before it was registered. What the first call of a kind records is planned
   * with turns of the event loop between.
   */
  (...args: A): Promise<R>
  /** Runs in place and gives the results. @throws BusyError while a step is on its way. */
  sync(...args: A): R
  /**
   * Runs in place and writes the results over the elements of `outs`, tensors in the structure that the function returns.
   * @throws ArgumentError if their structure, shapes or dtypes are others; BusyError while a step is on its way.
   */
  into(outs: R, ...args: A): R
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
  epoch<S extends Sample, B extends A>(loader: DataLoader<S, B>, options?: EpochOptions<R>): Promise<EpochResult<R>>
  /** The program that these arguments run, before and after planning, as text. */
  explain(...args: A): string
}

/**
 * Compiles `fn`: for each kind of arguments (structure, shapes, dtypes, strings, booleans) it is run once to note what it
 * does, computing nothing; from then on each call runs the noted program natively. Side effects in JavaScript happen
 * once, when it is recorded. Modes, gradients wanted or there, groups, what `parameters()` or `modules()` gave are looked
 * at again; other JavaScript (a variable, a layer put in another's place) is not. With BLASGRAD_CHECK=1 it is recorded again at each run, and its kernels are held against the
 * reference: for a result that seems wrong.
 * @param fn a synchronous function over tensors: forward, `backward()`, clipping, `optimizer.step()`.
 * @throws ArgumentError, when it is recorded, if `fn` reads a tensor from outside that is neither an argument, state nor
 * named in `captures`; if it reads a value; if it returns something else than tensors; CheckError, with BLASGRAD_CHECK=1,
 * for the first thing that differs.
 */
export function compile<A extends readonly unknown[], R>(
  fn: (...args: A) => R,
  options: CompileOptions = {},
): Step<A, R> {
  if (typeof fn !== 'function') throw new ArgumentError(`compile: expected a function, got ${showValue(fn)}`)
  const cache = new ProgramCache()
  /** What the last call was and ran: the next is mostly alike, and then needs no key. */
  let last:
    | { readonly mode: string; readonly kinds: ReturnType<typeof kindsOf>; readonly compiled: Compiled }
    | undefined

  const find = (args: A): { compiled: Compiled; leaves: readonly Leaf[] } => {
    const mode = context.gradMode ? context.active.name : `${context.active.name} without gradients`
    if (
      !isChecking &&
      last?.kinds !== undefined &&
      last.mode === mode &&
      areOfKinds(args, last.kinds) &&
      last.compiled.recorder.holds()
    ) {
      return { compiled: last.compiled, leaves: args }
    }
    const found = findByKey(args, mode)
    last = { mode, kinds: kindsOf(args), compiled: found.compiled }
    return found
  }

  const findByKey = (args: A, mode: string): { compiled: Compiled; leaves: readonly Leaf[] } => {
    const tree = flatten('compile', args)
    const key = `${mode} ${tree.key}`
    const hit = cache.find(key)
    if (isChecking && hit !== undefined) recordAgain(hit, args, tree)
    if (hit !== undefined) return { compiled: hit, leaves: tree.leaves }
    const compiled = record(fn as (...args: readonly unknown[]) => unknown, args, tree, options)
    cache.add(key, compiled)
    return { compiled, leaves: tree.leaves }
  }

  /** @throws CheckError if the function does something else now. */
  const recordAgain = (hit: Compiled, args: A, tree: Tree): void => {
    const again = record(fn as (...args: readonly unknown[]) => unknown, args, tree, options, () => hit.executor)
    again.recorder.undo()
    checkSame(hit, again)
  }

  const step = (...args: A): Promise<R> => {
    if (context.recording !== null) {
      throw new ArgumentError('compile: expected step.sync(…) in a function that is compiled, got step(…), a promise')
    }
    try {
      const { compiled, leaves } = find(args)
      return runInTurn(compiled, leaves, () => find(args).compiled) as Promise<R>
    } catch (error) {
      return Promise.reject(error)
    }
  }

  return Object.assign(step, {
    sync: (...args: A): R => {
      // Within another recording it is part of that program.
      if (context.recording !== null) return fn(...args)
      checkIdle('sync')
      const { compiled, leaves } = find(args)
      return runNow(compiled, leaves) as R
    },
    into: (outs: R, ...args: A): R => {
      if (context.recording !== null) {
        throw new ArgumentError('compile: expected step.sync(…) in a function that is compiled, got step.into(…)')
      }
      checkIdle('into')
      const { compiled, leaves } = find(args)
      runInto(compiled, leaves, resultsIn(outs, compiled.resultKey))
      return outs
    },
    epoch: <S extends Sample, B extends A>(
      loader: DataLoader<S, B>,
      options: EpochOptions<R> = {},
    ): Promise<EpochResult<R>> => {
      if (context.recording !== null) {
        throw new ArgumentError('compile: expected step.sync(…) in a function that is compiled, got step.epoch(…)')
      }
      return runEpoch(args => find(args as unknown as A).compiled, loader as DataLoader<S, unknown>, options)
    },
    explain: (...args: A): string => {
      const { program, plan } = find(args).compiled
      return explain(program, plan)
    },
  })
}

/** The tensors of `outs`, to be written. */
function resultsIn(outs: unknown, expected: string): Tensor[] {
  const { leaves, key } = flatten('into', outs)
  if (key !== expected) throw new ArgumentError(`into: expected results like ${expected}, got ${key}`)
  const tensors = leaves as readonly Tensor[]
  const gone = tensors.find(({ storage }) => !storage.hasElements)
  if (gone !== undefined) throw noElements('into', gone)
  return [...tensors]
}

function checkIdle(what: string): void {
  if (!isQueueEmpty()) throw new BusyError(`${what}: expected no step on its way, got one: await it or idle()`)
}
