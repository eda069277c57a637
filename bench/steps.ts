// Steps of the workloads: compiled, eager and on the reference backend, against PyTorch, all from the same weights and
// batches and in turns. A comparison whose values differ is an error: a fast wrong answer is not a result.

import { setBackend } from 'blasgrad'
import { agreeing, type Values } from './support/agreement.js'
import { allThreads, type BackendName, use } from './support/backends.js'
import { timedOnCores } from './support/cores.js'
import { withTensors } from './support/exchange.js'
import type { Group, Settings } from './support/group.js'
import type { Finalist } from './support/pytorch.js'
import { fastest, ratioOver } from './support/ratio.js'
import { printSteps, type StepResult } from './support/step-table.js'
import { type Contestant, type Plan, patient, race, type SelfTimed } from './support/timing.js'
import { compiled, otherWays } from './support/ways.js'
import { inTurn, type Started, type Workload, workloads } from './support/workloads.js'

/** As many as make the first batch come again, after an update on each. */
const checkedSteps = 5

/** How each of PyTorch's settings is tried before the race. */
const trialPlan: Plan = { rounds: 3, sampleMs: 10, warmUpMs: 50 }

type Call = Started['step']
/** What makes a call of a workload that has begun. */
type How = (start: Started) => Call

const eager: How = ({ step }) => step
const compiledSync: How = start => compiled(start).sync

/** What both sides must agree on. */
function valueAfterSteps(workload: Workload, backend: BackendName, how: How): number {
  use('native')
  const start = workload.start()
  setBackend(backend)
  const run = inTurn(how(start), start.batches)
  for (let i = 1; i < checkedSteps; i++) run()
  return start.value(run())
}

const valuesOf = (workload: Workload, finalists: readonly Finalist[]): Values =>
  agreeing(workload.name, {
    compiled: valueAfterSteps(workload, 'native', compiledSync),
    eager: valueAfterSteps(workload, 'native', eager),
    ...(workload.large ? {} : { reference: valueAfterSteps(workload, 'reference', eager) }),
    ...Object.fromEntries(finalists.map(({ name, value }) => [`PyTorch (${name})`, value])),
  })

const compiledOn = (threads: number): string => `compiled, ${threads} ${threads === 1 ? 'thread' : 'threads'}`

/** Ours that take part, each with a training of its own. */
function contestants(workload: Workload): (Contestant | SelfTimed)[] {
  use('native')
  const entry = (name: string, backend: BackendName, threads: number, how: How): Contestant => {
    const start = workload.start()
    const run = inTurn(how(start), start.batches)
    return { name, run: () => void run(), prepare: () => use(backend, threads) }
  }
  return [
    ...[...new Set([1, allThreads])].map(threads => entry(compiledOn(threads), 'native', threads, compiledSync)),
    entry('eager', 'native', allThreads, eager),
    ...(workload.large ? [] : [entry('reference', 'reference', allThreads, eager)]),
    ...(workload.short ? otherWays.map(({ name, sampler }) => ({ name, sample: sampler(workload) })) : []),
  ]
}

/** The rows of a workload: one, and one for each other way to call its step. */
async function timeSteps(workload: Workload, { plan, smoke, peers }: Settings): Promise<StepResult[]> {
  // A smoke run starts one process of the peer, for one workload.
  const pytorch = smoke && workload !== workloads[0] ? null : await peers.pytorch()
  const finalists = await withTensors(workload.start().tensors, async file =>
    pytorch === null ? [] : pytorch.finalists(workload.task, file, smoke ? null : trialPlan, checkedSteps),
  )
  const values = valuesOf(workload, finalists)
  const all = [...finalists.map(({ contestant }) => contestant), ...contestants(workload)]
  const { result, scaling } = await timedOnCores(peers, smoke, () => race(all, workload.large ? plan : patient(plan)))
  const { figures, lost } = result
  for (const [name, error] of lost) pytorch?.note(name, error)
  await pytorch?.release()
  const peer = fastest(
    figures,
    finalists.map(({ name }) => name),
  )
  const row = (way: string, name: string): StepResult => {
    const figure = figures[name]
    const reference = figures.reference ?? null
    if (figure === undefined) throw new Error(`${workload.name}: expected a figure of ${name}, got none`)
    return {
      workload: workload.name + way,
      batch: workload.batch,
      pytorch: peer && { setting: peer[0], ...peer[1] },
      compiled: { how: name, ...figure },
      eager: figures.eager ?? null,
      reference,
      overPyTorch: peer && ratioOver(figure, peer[1]),
      overReference: reference && ratioOver(figure, reference),
      scaling,
      values,
      figures,
    }
  }
  const [best] = fastest(figures, [1, allThreads].map(compiledOn)) ?? ['']
  const others = otherWays.map(({ name }) => name).filter(name => figures[name] !== undefined)
  return [row('', best), ...others.map(name => row(`, ${name}`, name))]
}

export const stepBench: Group = async settings => {
  const results: StepResult[] = []
  for (const workload of workloads) {
    if (settings.smoke && workload.large) continue
    results.push(...(await timeSteps(workload, settings)))
  }
  printSteps(results, checkedSteps)
  return results
}
