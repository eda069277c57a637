// Times the workloads' steps: compiled, eager and on the reference backend, against the peers. All start from the same
// weights and batches. Values that differ are an error: a fast wrong answer is no result.

import { setBackend } from 'blasgrad'
import { bestOf, pytorchIn, type Ready, readyPeers, releasePeers, scriptsThatAgree } from './peers/ready-peers.js'
import type { Finalist } from './peers/timed-peer.js'
import { agreeing, type Values } from './report/agreement.js'
import { fastest, ratioOver } from './report/ratio.js'
import { printSteps, type StepResult } from './report/step-table.js'
import { allThreads, type BackendName, use } from './support/backends.js'
import { timedOnCores } from './support/cores.js'
import type { Group, Settings } from './support/group.js'
import { type Contestant, patient, race, type SelfTimed } from './support/timing.js'
import { compiled, otherWays } from './workloads/ways.js'
import { inTurn, type Started, type Workload, workloads, workloadsOf } from './workloads/workloads.js'

/** One more than there are batches: the first batch comes again after an update on each. */
const checkedSteps = 5

/** Upper bound for the rounds of one contestant, in ms: peers differ by a factor of a thousand. */
const mostMs = 6000

type Call = Started['step']
/** Makes the step's function for a started workload. */
type How = (start: Started) => Call

const eager: How = ({ step }) => step
const compiledSync: How = start => compiled(start).sync

/** The value after some steps, which contestants must agree on. */
function valueAfterSteps(workload: Workload, backend: BackendName, how: How, steps: number): number {
  use('native')
  const start = workload.start()
  setBackend(backend)
  const run = inTurn(how(start), start.batches)
  for (let i = 1; i < steps; i++) run()
  return start.value(run())
}

const valuesOf = (workload: Workload, finalists: readonly Finalist[], steps: number): Values =>
  agreeing(workload.name, {
    compiled: valueAfterSteps(workload, 'native', compiledSync, steps),
    eager: valueAfterSteps(workload, 'native', eager, steps),
    ...(workload.large ? {} : { reference: valueAfterSteps(workload, 'reference', eager, steps) }),
    ...Object.fromEntries(finalists.map(({ name, value }) => [`PyTorch (${name})`, value])),
  })

const compiledOn = (threads: number): string => `compiled, ${threads} ${threads === 1 ? 'thread' : 'threads'}`

/** Our contestants, each with its own training. */
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

const finalistsOf = (ready: readonly Ready[]): Finalist[] => ready.flatMap(({ finalists }) => finalists)

/** The rows of a workload: compiled, and one per other way to call its step. */
async function timeSteps(workload: Workload, settings: Settings): Promise<StepResult[]> {
  const { plan, smoke, peers } = settings
  const steps = smoke ? 2 : checkedSteps
  // A smoke run starts a peer for the first workload only.
  const found = smoke && workload !== workloads[0] ? [] : await readyPeers(workload, settings, steps)
  const values = valuesOf(workload, finalistsOf(pytorchIn(found)), steps)
  const scripts = scriptsThatAgree(found, values.compiled)
  const peersOf = [...pytorchIn(found), ...scripts]
  const all = [...finalistsOf(peersOf).map(({ contestant }) => contestant), ...contestants(workload)]
  const limited = { ...(workload.large || smoke ? plan : patient(plan)), mostMs }
  const { result, scaling } = await timedOnCores(peers, smoke, take => race(all, limited, { take }))
  const { figures } = result
  await releasePeers(found, result.lost)
  const [pytorch, javaScript] = [bestOf(figures, pytorchIn(found)), bestOf(figures, scripts)]
  const row = (way: string, name: string): StepResult => {
    const figure = figures[name]
    const reference = figures.reference ?? null
    if (figure === undefined) throw new Error(`${workload.name}: expected a figure of ${name}, got none`)
    return {
      workload: workload.name + way,
      batch: workload.batch,
      pytorch,
      javaScript,
      compiled: { how: name, ...figure },
      eager: figures.eager ?? null,
      reference,
      overPyTorch: pytorch && ratioOver(figure, pytorch),
      overJavaScript: javaScript && ratioOver(figure, javaScript),
      overReference: reference && ratioOver(figure, reference),
      threads: threadsOf(figures),
      scaling,
      values: { ...values, ...Object.fromEntries(finalistsOf(scripts).map(({ name, value }) => [name, value])) },
      figures,
    }
  }
  const [best] = fastest(figures, [1, allThreads].map(compiledOn)) ?? ['']
  const others = otherWays.map(({ name }) => name).filter(name => figures[name] !== undefined)
  return [row('', best), ...others.map(name => row(`, ${name}`, name))]
}

/** The speed-up of all threads over one; null on one core. */
function threadsOf(figures: StepResult['figures']): StepResult['threads'] {
  const [one, all] = [1, allThreads].map(threads => figures[compiledOn(threads)])
  return allThreads === 1 || !one || !all ? null : { threads: allThreads, ...ratioOver(all, one) }
}

export const stepBench: Group = async settings => {
  const results: StepResult[] = []
  for (const workload of workloadsOf(settings)) {
    results.push(...(await timeSteps(workload, settings)))
  }
  printSteps(results, checkedSteps)
  return results
}
