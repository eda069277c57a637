// Measures this library against its own reference: `npm run bench`, `npm run bench -- --help`.

import { BlasgradError, backendInfo } from 'blasgrad'
import { Command, Option } from 'commander'
import { dispatchBench } from './dispatch.js'
import { kernelBench } from './kernels.js'
import { stepBench } from './steps.js'
import type { Group } from './support/group.js'
import { describeMachine, machine } from './support/machine.js'
import { updateReadme } from './support/readme.js'
import { checkFinite, writeReport } from './support/report.js'
import { fullPlan, smokePlan } from './support/timing.js'

const groups: Readonly<Record<string, Group>> = { kernels: kernelBench, dispatch: dispatchBench, steps: stepBench }

interface Options {
  readonly smoke: boolean
  readonly only?: string
  /** Where the figures go; a smoke run keeps none unless it is told. */
  readonly json?: string
  readonly readme: boolean
}

const readOptions = (): Options =>
  new Command('npm run bench --')
    .description(
      'Times the kernels, the cost of eager ops and training steps: the native backend against the reference, in ' +
        'turns, as medians with the spread. Ratios carry over to other machines, times do not.',
    )
    .option('--smoke', 'run everything once for a moment: does it run at all?', false)
    .addOption(new Option('--only <group>', 'one group of benches').choices(Object.keys(groups)))
    .option('--json <file>', 'where the figures go (default: runs/bench.json; with --smoke, nowhere)')
    .option('--readme', 'write the README’s lines on speed from this run', false)
    .helpOption('-h, --help', 'show this')
    .parse()
    .opts<Options>()

function main({ smoke, only, json, readme }: Options): void {
  if (readme && (smoke || only !== undefined)) throw new Error('--readme: expected a full run')
  const { native, reason } = backendInfo()
  if (native === null) throw new Error(`bench: expected the native backend, got none: ${reason}`)
  const where = machine()
  console.log(describeMachine(where))
  const results: Record<string, readonly object[]> = {}
  for (const [name, run] of Object.entries(groups)) {
    if (only !== undefined && only !== name) continue
    results[name] = run({ plan: smoke ? smokePlan : fullPlan, smoke })
    checkFinite(results[name], name)
  }
  const file = json ?? (smoke ? undefined : 'runs/bench.json')
  if (file === undefined) return
  const report = { date: new Date().toISOString(), machine: where, smoke, groups: results }
  writeReport(file, report)
  console.log(`\nfigures: ${file}`)
  if (readme) updateReadme('README.md', { date: report.date, machine: describeMachine(where), groups: results })
}

try {
  main(readOptions())
} catch (error) {
  const expected = error instanceof BlasgradError || (error instanceof Error && 'syscall' in error)
  console.error(expected ? `error: ${error.message}` : error)
  process.exitCode = 1
}
