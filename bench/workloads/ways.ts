// Other ways to call a compiled step, for workloads so short that the call matters: awaited, and by the epoch. Each times
// itself, with its own training.

import { compile, concat, data } from 'blasgrad'
import { use } from '../support/backends.js'
import { type SelfTimed, sampleAwaiting } from '../support/timing.js'
import { inTurn, type Started, type Workload } from './workloads.js'

/** Repetitions of the batches in an epoch of 100 steps. */
const rounds = 25

export const compiled = ({ step }: Started) => compile((...batch: Parameters<Started['step']>) => step(...batch))

/** Awaits each step before the next. */
function awaited(workload: Workload): SelfTimed['sample'] {
  const start = workload.start()
  const run = inTurn(compiled(start), start.batches)
  return runs => {
    use('native')
    return sampleAwaiting(run, runs)
  }
}

/** Times whole epochs over a dataset with the same batches in the same order. */
function byEpoch(workload: Workload): SelfTimed['sample'] {
  const start = workload.start()
  const step = compiled(start)
  const repeated = Array.from({ length: rounds }, () => start.batches).flat()
  const fields = start.batches[0].map((_, field) => concat(repeated.map(batch => batch[field])))
  const loader = new data.DataLoader(new data.TensorDataset(...fields), { batchSize: workload.batch })
  return async runs => {
    use('native')
    const epochs = Math.ceil(runs / repeated.length)
    const took = await sampleAwaiting(() => step.epoch(loader), epochs)
    return (took * runs) / (epochs * repeated.length)
  }
}

/** The suffix of each way's row, and its sampler. */
export const otherWays: readonly {
  readonly name: string
  readonly sampler: (workload: Workload) => SelfTimed['sample']
}[] = [
  { name: 'await', sampler: awaited },
  { name: 'epoch', sampler: byEpoch },
]
