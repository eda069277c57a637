// Measures the round trip to the executor's thread: an empty program, started and awaited.

import { spread, time } from './report/format.js'
import { printTable } from './report/table.js'
import { use } from './support/backends.js'
import type { Group } from './support/group.js'
import { isThreaded, makeNativeExecutor } from './support/library.js'
import { patient, race, sampleAwaiting } from './support/timing.js'

export const hopBench: Group = async ({ plan }) => {
  use('native')
  const program = makeNativeExecutor({
    program: { values: [], calls: [], results: [] },
    steps: [],
    arenaBytes: 0,
    offsets: [],
  })
  if (!isThreaded(program)) throw new Error('hop: expected an executor with a thread, got one without')
  const there = (): Promise<void> => new Promise(resolve => program.start([], () => resolve()))
  const { figures } = await race([{ name: 'hop', sample: runs => sampleAwaiting(there, runs) }], patient(plan))
  const { hop } = figures
  if (hop === undefined) throw new Error('hop: expected a figure, got none')
  printTable(
    'await: an empty job on the executor’s thread and back',
    ['', 'hop', 'spread'],
    [['empty job', time(hop.median), spread(hop)]],
  )
  return [{ job: 'empty', hop }]
}
