// Measures this library against PyTorch, OpenBLAS and its own reference: `npm run bench`, `npm run bench -- --help`.

import { BlasgradError, backendInfo } from 'blasgrad'
import { kernelNames } from 'blasgrad/backend'
import { Command, Option } from 'commander'
import { delayBench } from './delay.js'
import { dispatchBench } from './dispatch.js'
import { gemmBench } from './gemm.js'
import { hopBench } from './hop.js'
import { kernelBench } from './kernels.js'
import { memoryBench } from './memory.js'
import { Peers } from './peers/peers.js'
import { describeMachine, describePeers, environment, machine, warnings } from './report/machine.js'
import { type Drawn, drawPictures } from './report/picture.js'
import { updateReadme } from './report/readme.js'
import { checkFinite, type Report, readReport, writeReport } from './report/report.js'
import { scalingBench } from './scaling.js'
import { shapeBench } from './shapes.js'
import { shareBench } from './share.js'
import { stepBench } from './steps.js'
import { use } from './support/backends.js'
import type { Group } from './support/group.js'
import { fullPlan, smokePlan } from './support/timing.js'
import { workloads } from './workloads/workloads.js'

/** Eager calls come first: what a process has run before decides how well its JavaScript is compiled. */
const groups: Readonly<Record<string, Group>> = {
  dispatch: dispatchBench,
  steps: stepBench,
  hop: hopBench,
  gemm: gemmBench,
  kernels: kernelBench,
  shapes: shapeBench,
  share: shareBench,
  scaling: scalingBench,
  memory: memoryBench,
  delay: delayBench,
}

interface Options {
  readonly smoke: boolean
  readonly only?: string
  /** The only workload. */
  readonly workload?: string
  /** The only kernel. */
  readonly kernel?: string
  /** Where the figures go; a smoke run keeps none unless it is told. */
  readonly json?: string
  readonly readme: boolean
  /** A report that was written before: nothing is measured. */
  readonly from?: string
}

const readOptions = (): Options =>
  new Command('npm run bench --')
    .description(
      'Times training steps, matrix products, the cost of eager ops and the kernels: against PyTorch, other libraries ' +
        'in JavaScript, OpenBLAS called from C and the reference backend, in turns, as medians with the spread. Ratios ' +
        'carry over to other machines, times do not.',
    )
    .option('--smoke', 'run everything once for a moment: does it run at all?', false)
    .addOption(new Option('--only <group>', 'one group of benches').choices(Object.keys(groups)))
    .addOption(
      new Option('--workload <name>', 'one workload of the groups that have several').choices(
        workloads.map(({ name }) => name),
      ),
    )
    .addOption(new Option('--kernel <name>', 'one kernel of the groups kernels and shapes').choices(kernelNames))
    .option('--json <file>', 'where the figures go (default: runs/bench.json; with --smoke, nowhere)')
    .option('--readme', 'write the README’s lines on speed and their pictures from this run', false)
    .option('--from <file>', 'with --readme: from figures that were written before, measuring nothing')
    .helpOption('-h, --help', 'show this')
    .parse()
    .opts<Options>()

/** Writes the README's lines and pictures. */
function writeReadme({ date, machine, peers, groups }: Report): void {
  updateReadme('README.md', { date, machine: `${describeMachine(machine)}; ${describePeers(peers)}`, groups })
}

async function main({ smoke, only, workload, kernel, json, readme, from }: Options): Promise<void> {
  if (from !== undefined && !readme) throw new Error('--from: expected --readme too')
  if (from !== undefined) return writeReadme(readReport(from))
  if (readme && (smoke || [only, workload, kernel].some(part => part !== undefined))) {
    throw new Error('--readme: expected a full run')
  }
  const { native, reason } = backendInfo()
  if (native === null) throw new Error(`bench: expected the native backend, got none: ${reason}`)
  const where = machine()
  console.log([describeMachine(where), ...warnings(process.env)].join('\n'))
  const peers = new Peers()
  const results: Record<string, readonly object[]> = {}
  try {
    for (const [name, run] of Object.entries(groups)) {
      if (only !== undefined && only !== name) continue
      use('native')
      results[name] = await run({ plan: smoke ? smokePlan : fullPlan, smoke, peers, workload, kernel })
      checkFinite(results[name], name)
    }
  } finally {
    await peers.close()
  }
  const about = await peers.about()
  console.log(['', describePeers(about), ...(await peers.notes())].join('\n'))
  const file = json ?? (smoke ? undefined : 'runs/bench.json')
  if (file === undefined) return
  const report = {
    date: new Date().toISOString(),
    machine: where,
    environment: environment(process.env),
    peers: about,
    smoke,
    groups: results,
  }
  writeReport(file, report)
  const pictures = smoke ? [] : drawPictures(file.replace(/\.json$/, ''), results as Drawn)
  console.log(`figures: ${[file, ...pictures].join(', ')}`)
  if (readme) writeReadme(report)
}

try {
  await main(readOptions())
} catch (error) {
  const expected = error instanceof BlasgradError || (error instanceof Error && 'syscall' in error)
  console.error(expected ? `error: ${error.message}` : error)
  process.exitCode = 1
}
