// Writes the README's lines on speed from a report, so that they are what the bench said and nothing else.

import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Scaling, wholeCores } from '../support/cores.js'
import { digits, time } from './format.js'
import { type Drawn, drawPictures } from './picture.js'

const begin = '<!-- speed: written by `npm run bench -- --readme` -->'
const end = '<!-- /speed -->'

interface Timing {
  readonly median: number
}

interface Row {
  readonly workload?: string
  readonly kernel?: string
  readonly shape?: string
  readonly expression?: string
  readonly elements?: number
  readonly native?: Timing
  readonly compiled?: Timing
  /** null where the workload is too large for it. */
  readonly reference?: Timing | null
  /** null where it is missing or not timed. */
  readonly pytorch?: (Timing & { readonly setting?: string }) | null
  /** null where no other library in JavaScript is here, or none does it. */
  readonly javaScript?: (Timing & { readonly setting?: string }) | null
  readonly rate?: number
  readonly unit?: string
  readonly scaling?: Scaling | null
}

export interface Report {
  readonly date: string
  /** The machine and the peers, in words. */
  readonly machine: string
  readonly groups: Readonly<Record<string, readonly Row[]>>
}

/** Where the picture is, from the README. */
const picture = 'docs/performance/speed.svg'

/** The kernels that a reader would ask for. */
const kernels = ['matmul 1024×1024×1024', 'softmax 16384×1000, rows', 'add 16384×1000', 'adam 4,000,000']
/** Workloads that are a function, forward and backward, and what they are of. */
const functions: Readonly<Record<string, string>> = {
  softmax: '`softmax` of 4096×1000, forward and backward',
  chain: '`((x*x+x).relu()*0.5)` on 4096×1000, forward and backward',
}

const faster = (ours: Timing, other: Timing): string => {
  const ratio = other.median / ours.median
  return `${ratio < 100 ? ratio.toPrecision(2) : Math.round(ratio)}×`
}

const nameOf = (workload = ''): string => functions[workload] ?? `training step, ${workload}`

/** Marks a row that was taken where there were not two whole cores. */
const mark = ({ scaling }: Row): string => (scaling && scaling.least < wholeCores ? ' †' : '')

function overPyTorch(name: string, row: Row, ours: Timing | undefined): string {
  const { pytorch } = row
  if (ours === undefined || !pytorch) throw new Error(`readme: expected a timing of ${name} in PyTorch too`)
  const of = (other: Timing & { readonly setting?: string }): string =>
    `${time(other.median)}${other.setting === undefined ? '' : ` (${other.setting})`} | ${faster(ours, other)}${mark(row)}`
  return `| ${name} | ${time(ours.median)} | ${of(pytorch)} | ${row.javaScript ? of(row.javaScript) : ' | '} |`
}

function overReference(name: string, { reference, rate, unit }: Row, ours: Timing | undefined): string {
  if (ours === undefined || !reference) throw new Error(`readme: expected timings of ${name}`)
  const speed = rate === undefined ? '' : ` (${digits(rate)} ${unit})`
  return `| ${name} | ${time(ours.median)}${speed} | ${time(reference.median)} | ${faster(ours, reference)} |`
}

/** The tables, from a report of all groups. @throws Error where the report lacks one of their rows. */
export function speedLines({ date, machine, groups }: Report): string {
  const { steps = [], dispatch = [] } = groups
  const expressions = dispatch.filter(({ native, elements }) => native !== undefined && elements === 4)
  const compared = [
    ...steps.map(row => overPyTorch(nameOf(row.workload), row, row.compiled)),
    ...expressions.map(row => overPyTorch(`\`${row.expression}\`, 4 elements, eager`, row, row.native)),
  ]
  const named = kernels.map(name => {
    const row = groups.kernels?.find(({ kernel, shape }) => `${kernel} ${shape}` === name)
    if (row === undefined) throw new Error(`readme: expected a bench of ${name}`)
    return overReference(name, row, row.native)
  })
  return [
    `![How many times as fast compiled steps are as PyTorch, other JavaScript and our TypeScript](${picture})`,
    '',
    'Compiled steps against PyTorch at the best of its settings (its threads, its BLAS’s, loop or foreach optimizers) and',
    `the best other library in JavaScript, in turns, medians of one run on ${date.slice(0, 10)}: ${machine}.`,
    '`npm run bench` repeats it; the ratios carry over to other machines, the times do not.',
    '',
    '| | blasgrad, compiled | PyTorch | faster | best other JavaScript | faster |',
    '| --- | --- | --- | --- | --- | --- |',
    ...compared,
    ...(compared.some(line => line.includes('†'))
      ? [
          '',
          `† taken where the machine did not give two whole cores: two threads of sgemm did less than ${wholeCores}× one’s.`,
        ]
      : []),
    '',
    'And against this library’s own TypeScript backend:',
    '',
    '| | native | TypeScript | faster |',
    '| --- | --- | --- | --- |',
    ...steps
      .filter(({ reference, workload = '' }) => reference && !(workload in functions) && !workload.includes(', '))
      .map(row => overReference(`${nameOf(row.workload)}, compiled`, row, row.compiled)),
    ...named,
  ].join('\n')
}

/** Puts the report's lines where the README has them, and its pictures where the lines say. */
export function updateReadme(file: string, report: Report): void {
  const text = readFileSync(file, 'utf8')
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from === -1 || to < from) throw new Error(`readme: expected the marks ${begin} and ${end} in ${file}`)
  writeFileSync(file, `${text.slice(0, from + begin.length)}\n${speedLines(report)}\n${text.slice(to)}`)
  drawPictures(join(dirname(file), picture.replace('.svg', '')), report.groups as Drawn)
}
