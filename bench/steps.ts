// Training steps of the workloads, native against reference, both from the same weights and batches. A comparison whose
// losses differ is an error: a fast wrong answer is not a result.

import { setBackend } from 'blasgrad'
import { type BackendName, backendNames, on } from './support/backends.js'
import { digits, spread, time, times, timesFaster } from './support/format.js'
import type { Group } from './support/group.js'
import { printTable } from './support/table.js'
import { compare, type Figure, type Plan, patient } from './support/timing.js'
import { startTraining, type Workload, workloads } from './support/workloads.js'

const checkedSteps = 3
const tolerance = 1e-3

interface StepResult {
  readonly workload: string
  readonly native: Figure
  /** Null where the workload is too large for the reference. */
  readonly reference: Figure | null
  readonly faster: number | null
  /** Of the native backend. */
  readonly samplesPerSecond: number
  /** After a few steps, by backend. */
  readonly loss: Readonly<Partial<Record<BackendName, number>>>
}

function lossAfterSteps(workload: Workload, backend: BackendName): number {
  setBackend(backend)
  const step = startTraining(workload)
  for (let i = 1; i < checkedSteps; i++) step()
  return step().item()
}

/** The losses. @throws Error if one is not a number or they differ. */
function checkLosses(workload: Workload, backends: readonly BackendName[]): StepResult['loss'] {
  const losses = backends.map(backend => [backend, lossAfterSteps(workload, backend)] as const)
  for (const [backend, loss] of losses) {
    if (Math.abs(loss - losses[0][1]) <= tolerance * Math.max(1, Math.abs(loss))) continue
    throw new Error(`${workload.name}: expected a loss of ${losses[0][1]} on ${backend} too, got ${loss}`)
  }
  return Object.fromEntries(losses)
}

function timeSteps(workload: Workload, plan: Plan): StepResult {
  const backends = workload.large ? (['native'] as const) : backendNames
  const loss = checkLosses(workload, backends)
  const figures: Partial<Record<BackendName, Figure>> = compare(
    backends.map(backend => {
      setBackend('native')
      const step = startTraining(workload)
      return on(backend, () => void step())
    }),
    plan,
  )
  const { native, reference = null } = figures as { native: Figure; reference?: Figure }
  return {
    workload: workload.name,
    native,
    reference,
    faster: reference && timesFaster(native, reference),
    samplesPerSecond: (workload.batch / native.median) * 1e6,
    loss,
  }
}

const cells = ({ workload, native, reference, faster, samplesPerSecond, loss }: StepResult): string[] => [
  workload,
  time(native.median),
  spread(native),
  reference ? time(reference.median) : '',
  reference ? spread(reference) : '',
  faster === null ? '' : times(faster),
  digits(samplesPerSecond),
  Object.values(loss)
    .map(value => value.toFixed(5))
    .join(' '),
]

export const stepBench: Group = ({ plan, smoke }) => {
  const results = workloads
    .filter(({ large }) => !(smoke && large))
    .map(workload => timeSteps(workload, workload.large ? plan : patient(plan)))
  printTable(
    `training steps, eager (loss: after ${checkedSteps} steps, of each backend)`,
    ['workload', 'native', 'spread', 'reference', 'spread', 'faster', 'samples/s', 'loss'],
    results.map(cells),
  )
  return results
}
