// The other ways to call a compiled step, for workloads so short that the call counts: awaited, and by the epoch. Each takes
// its time itself, with a training of its own.

import { compile, concat, data } from 'blasgrad'
import { use } from '../support/backends.js'
import { type SelfTimed, sampleAwaiting } from '../support/timing.js'
import { inTurn, type Started, type Workload } from './workloads.js'

/** How often the batches come in an epoch: 100 steps make one. */
const rounds = 25

export const compiled = ({ step }: Started) => compile((...batch: Parameters<Started['step']>) => step(...batch))

/** Each step awaited before the next is called. */
function awaited(workload: Workload): SelfTimed['sample'] {
  const start = workload.start()
  const run = inTurn(compiled(start), start.batches)
  return runs => {
    use('native')
    return sampleAwaiting(run, runs)
  }
}

/** The same batches in the same order, from a dataset of their rows. Whole epochs are timed. */
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

/** What each is called in a row's name, and how its time is taken. */
export const otherWays: readonly {
  readonly name: string
  readonly sampler: (workload: Workload) => SelfTimed['sample']
}[] = [
  { name: 'await', sampler: awaited },
  { name: 'epoch', sampler: byEpoch },
]
