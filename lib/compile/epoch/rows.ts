// An epoch over rows of tensors: gathered natively as their batch comes up, many batches in one native call.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { arrayOf, type NumberArray } from '../../base/dtype.js'
import { sizeOf } from '../../base/shape.js'
import { generatorMemory } from '../../core/random.js'
import { Storage } from '../../core/storage.js'
import { Tensor } from '../../core/tensor.js'
import type { Upcoming } from '../../data/loader.js'
import type { Compiled } from '../compiled.js'
import { type EpochOutcome, type EpochRuns, isThreaded } from '../plan.js'
import { inTurn, othersWaiting } from '../queue.js'
import { errorOf, noteDuration, whenReady } from '../running.js'
import { inBatch } from './batches.js'
import { Results } from './results.js'
import { checkSources, sourcesOf } from './sources.js'
import type { Epoch } from './state.js'

/** For how long, in µs, batches run before a step that waits has its turn, and the event loop its own. */
const slice = 2000
/** The longest native call, in µs: `onProgress` is called between two. */
const longest = 50_000

export type Rows = Upcoming extends { readonly rows: infer R } ? NonNullable<R> : never

/** Batches of one size: all but the last, or the last. */
export interface Part {
  /** Tensors without elements, in the place of the fields. */
  readonly args: readonly Tensor[]
  readonly batchSize: number
  /** The place of its first row in the epoch's order. */
  readonly firstRow: number
  /** The number of its first batch in the epoch, and that after its last. */
  readonly from: number
  readonly to: number
}

export function partsOf({ tensors, count, batchSize }: Rows): Part[] {
  checkSources(tensors)
  const whole = Math.floor(count / batchSize)
  const rest = count - whole * batchSize
  const part = (size: number, from: number, to: number): Part => {
    const args = tensors.map(({ shape, dtype }) => standIn([size, ...shape.slice(1)], dtype))
    return { args, batchSize: size, firstRow: from * batchSize, from, to }
  }
  const parts: Part[] = []
  if (whole > 0) parts.push(part(batchSize, 0, whole))
  if (rest > 0) parts.push(part(rest, whole, whole + 1))
  return parts
}

const standIn = (shape: readonly number[], dtype: Tensor['dtype']): Tensor =>
  new Tensor({ storage: new Storage(new (arrayOf(dtype))(new ArrayBuffer(0)), sizeOf(shape)), shape, dtype })

/** @param parts one at least, of `rows`; the programs must be native. */
export async function runRows(epoch: Epoch, parts: readonly Part[], rows: Rows): Promise<Results> {
  const { to } = parts[parts.length - 1]
  const results = new Results(epoch.programs.get(parts[0].args), to)
  const moved = sourcesOf(rows.tensors)
  const sources = moved instanceof Promise ? await epoch.stopping.whileWaiting(moved) : moved
  const order = rows.order()
  for (const part of parts) {
    const native: Native = { sources, order, runs: new Map(), last: undefined }
    while (results.batches < part.to) {
      await runSome(epoch, part, results, native)
      epoch.tick(results)
    }
  }
  return results
}

/** The native side of a part: the rows of the epoch and their order, a program's runs, and which program ran last. */
interface Native {
  readonly sources: readonly NumberArray[]
  readonly order: Int32Array
  readonly runs: Map<Compiled, EpochRuns>
  last: Compiled | undefined
}

/** Runs batches of `part` from the first that is left; how many, time decides. */
function runSome(epoch: Epoch, part: Part, results: Results, native: Native): Promise<void> {
  return inTurn(finish => {
    const find = (): Compiled => {
      epoch.stopping.check()
      return epoch.programs.get(part.args)
    }
    whenReady(find, finish, compiled => {
      const runs = native.runs.get(compiled) ?? createRuns(epoch, part, native, results, compiled)
      native.runs.set(compiled, runs)
      const at = results.batches - part.from
      // What the first run leaves in `.grad` may ask for another program.
      const isOpen = compiled === native.last || !compiled.recorder.readsGradients
      const to = isOpen ? part.to - part.from : at + 1
      native.last = compiled
      const over = (outcome: EpochOutcome | Error): void => {
        epoch.rates.touch()
        if (outcome instanceof Error) throw outcome
        conclude(compiled, outcome, part, results)
      }
      if (compiled.isFixed) runs.start(at, to, slice, longest, outcome => finish(() => over(outcome)))
      else nextTurn().then(() => finish(() => over(runs.run(at, to, slice, slice))))
    })
  })
}

function createRuns(
  { rates, stopping }: Epoch,
  { batchSize, firstRow, from, to }: Part,
  { sources, order }: Native,
  results: Results,
  { executor, blocks }: Compiled,
): EpochRuns {
  if (!isThreaded(executor)) throw new TypeError('epoch: expected a native program')
  return executor.createEpoch({
    sources,
    batchSize,
    order: order.subarray(firstRow, firstRow + (to - from) * batchSize),
    schedule: rates.scheduled(from, to),
    generator: generatorMemory(),
    blocks,
    results: results.between(from, to),
    waiting: othersWaiting,
    stop: stopping.flag,
  })
}

/** What runs change beside what they write. @throws IndexError where the last of them met a bad index. */
function conclude(compiled: Compiled, { next, bad, micros }: EpochOutcome, part: Part, results: Results): void {
  const ran = part.from + next - results.batches
  if (ran > 0) {
    for (const storage of compiled.written) storage.version += ran
    compiled.adopt()
    noteDuration(compiled, micros / ran)
  }
  for (let i = 0; i < ran; i++) results.add(part.batchSize)
  if (bad !== null) throw inBatch(errorOf(compiled, bad), results.batches)
}
