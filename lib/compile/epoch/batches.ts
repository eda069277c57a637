// An epoch of batches that are awaited: from a stream, a dataset that loads, a transform; and where nothing native is.
// Each runs as a step of its own.

import { ArgumentError, IndexError, showValue } from '../../base/errors.js'
import { Tensor } from '../../core/tensor.js'
import type { Sample } from '../../data/dataset.js'
import type { DataLoader } from '../../data/loader.js'
import type { Compiled } from '../compiled.js'
import { inTurn } from '../queue.js'
import { arrayOf, begin, whenReady } from '../running.js'
import { flatten } from '../tree.js'
import { Results } from './results.js'
import type { Epoch } from './state.js'

/** @returns the results of all batches; undefined where there were none. */
export async function runBatches<S extends Sample>(
  epoch: Epoch,
  loader: DataLoader<S, unknown>,
): Promise<Results | undefined> {
  const iterator = loader[Symbol.asyncIterator]()
  let results: Results | undefined
  let isOver = false
  try {
    for (;;) {
      epoch.stopping.check()
      const { done, value } = await epoch.stopping.whileWaiting(iterator.next())
      isOver = done === true
      if (isOver) return results
      results = await runBatch(epoch, value, results)
      epoch.tick(results)
    }
  } finally {
    // The source may be waiting for what never comes: it is closed, not waited for.
    if (!isOver) iterator.return?.().catch(() => {})
  }
}

async function runBatch(
  { programs, rates, stopping, batches }: Epoch,
  batch: unknown,
  before: Results | undefined,
): Promise<Results> {
  const { args, samples } = fieldsOf(batch)
  const number = before?.batches ?? 0
  let results = before
  const output = await inTurn<unknown>(finish => {
    const find = (): Compiled => {
      stopping.check()
      return programs.get(args)
    }
    whenReady(find, finish, compiled => {
      results ??= new Results(compiled, batches)
      const inputs = programs.leavesOf(args).map(arrayOf)
      rates.apply(number)
      const failed = (error: unknown): never => {
        rates.undo()
        throw error instanceof IndexError ? inBatch(error, number) : error
      }
      try {
        begin(compiled, inputs, result =>
          finish(() => {
            try {
              return result()
            } catch (error) {
              return failed(error)
            }
          }),
        )
      } catch (error) {
        failed(error)
      }
    })
  })
  const values = flatten('epoch', output).leaves.map(leaf => (leaf as Tensor).item())
  ;(results as Results).put(values, samples)
  return results as Results
}

/** The error of a batch, with its number. */
export const inBatch = (error: Error, batch: number): IndexError =>
  new IndexError(`${error.message} (batch ${batch} of the epoch)`, { cause: error })

/** A batch as arguments; how many samples it has: the length of the first axis of its first tensor that has one. */
function fieldsOf(batch: unknown): { args: readonly unknown[]; samples: number } {
  if (!Array.isArray(batch)) {
    throw new ArgumentError(
      `epoch: expected batches that are lists of the function’s arguments, such as [x, y], got ${showValue(batch)}`,
    )
  }
  const first = flatten('epoch', batch).leaves.find(leaf => leaf instanceof Tensor && leaf.ndim > 0)
  return { args: batch, samples: first instanceof Tensor ? first.shape[0] : 1 }
}
