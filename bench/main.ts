// The command `npm run bench`: measures blasgrad against PyTorch, OpenBLAS and its reference backend (`-- --help`).

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

/** In running order. Eager calls come first: V8 specialises their code less after other groups have run. */
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
  /** Run this workload only. */
  readonly workload?: string
  /** Run this kernel only. */
  readonly kernel?: string
  /** The file for the figures; a smoke run writes none by default. */
  readonly json?: string
  readonly readme: boolean
  /** An earlier report to use instead of measuring. */
  readonly from?: string
}

const readOptions = (): Options =>
  new Command('npm run bench --')
    .description(
      'Times training steps, matrix products, eager ops and kernels against PyTorch, other JavaScript libraries, OpenBLAS ' +
        'called from C and the reference backend. Contestants alternate; figures are medians with their spread. Ratios ' +
        'carry over to other machines, times do not.',
    )
    .option('--smoke', 'run everything once for a moment, to see that it works', false)
    .addOption(new Option('--only <group>', 'run one group only').choices(Object.keys(groups)))
    .addOption(new Option('--workload <name>', 'run one workload only').choices(workloads.map(({ name }) => name)))
    .addOption(new Option('--kernel <name>', 'run one kernel only (groups kernels and shapes)').choices(kernelNames))
    .option('--json <file>', 'file for the figures (default: runs/bench.json; none with --smoke)')
    .option('--readme', 'write the README’s section on speed and its pictures from this run', false)
    .option('--from <file>', 'with --readme: use an earlier report, measure nothing')
    .helpOption('-h, --help', 'show this')
    .parse()
    .opts<Options>()

/** Writes the README's section on speed and its pictures. */
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
