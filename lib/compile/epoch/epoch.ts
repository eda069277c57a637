// step.epoch: a step for each batch of a loader. What is common to both ways of it is here: rows that are gathered
// natively (rows.ts), and batches that are awaited (batches.ts).

import { ArgumentError, showValue } from '../../base/errors.js'
import type { Sample } from '../../data/dataset.js'
import { DataLoader } from '../../data/loader.js'
import { asEpoch } from '../queue.js'
import { runBatches } from './batches.js'
import { checkEpochOptions, type EpochOptions, type EpochResult, schedulesOf } from './options.js'
import { Programs, type Source } from './programs.js'
import { Progress } from './progress.js'
import { Rates } from './rates.js'
import type { Results } from './results.js'
import { partsOf, runRows } from './rows.js'
import type { Epoch } from './state.js'
import { Stopping } from './stopping.js'

/** See Step.epoch. */
export async function runEpoch<S extends Sample, R>(
  source: Source,
  loader: DataLoader<S, unknown>,
  options: EpochOptions<R>,
): Promise<EpochResult<R>> {
  const { schedule, onProgress, signal } = checkEpochOptions(options)
  if (!(loader instanceof DataLoader)) {
    throw new ArgumentError(`epoch: expected a DataLoader, got ${showValue(loader)}`)
  }
  signal?.throwIfAborted()
  const { batches, rows } = loader.upcoming()
  if (batches === 0) throw noBatches()
  const rates = new Rates(schedulesOf(schedule), batches)
  return asEpoch(async () => {
    const programs = new Programs(source, rates.targets)
    const stopping = new Stopping(signal)
    const progress = new Progress(onProgress, batches)
    const epoch: Epoch = { programs, rates, stopping, batches, tick: results => progress.tick(results) }
    try {
      // All programs are there, and right, before anything runs.
      const parts = rows === undefined ? [] : partsOf(rows)
      const isNative = parts.map(({ args }) => programs.get(args)).every(({ isThreaded }) => isThreaded)
      const isInRows = rows !== undefined && parts.length > 0 && isNative
      if (isInRows) loader.epoch++
      const results = await (isInRows ? runRows(epoch, parts, rows) : runBatches(epoch, loader))
      if (results === undefined) throw noBatches()
      progress.end(results)
      return resultOf<R>(results)
    } finally {
      stopping.end()
      programs.release()
    }
  })
}

const noBatches = (): ArgumentError => new ArgumentError('epoch: expected a loader with at least one batch, got none')

const resultOf = <R>(results: Results): EpochResult<R> =>
  (results.isSingle
    ? { losses: results.all(), mean: results.means() }
    : { results: results.all(), means: results.means() }) as EpochResult<R>
