// Generates the README's section on speed from a report of the benches. Nothing in that section is written by hand.

import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Scaling, unthrottledScaling } from '../support/cores.js'
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
  /** null: the workload is too large for it. */
  readonly reference?: Timing | null
  /** null: not installed or not timed. */
  readonly pytorch?: (Timing & { readonly setting?: string }) | null
  /** null: none installed, or none supports the workload. */
  readonly javaScript?: (Timing & { readonly setting?: string }) | null
  readonly rate?: number
  readonly unit?: string
  readonly scaling?: Scaling | null
}

export interface Report {
  readonly date: string
  /** One line that describes the machine and the peers. */
  readonly machine: string
  readonly groups: Readonly<Record<string, readonly Row[]>>
}

/** The picture's path, relative to the README. */
const picture = 'docs/performance/speed.svg'

/** The kernels in the second table. */
const kernels = ['matmul 1024×1024×1024', 'softmax 16384×1000, rows', 'add 16384×1000', 'adam 4,000,000']
/** Descriptions of the workloads that are one function, forward and backward. */
const functions: Readonly<Record<string, string>> = {
  softmax: '`softmax` of 4096×1000, forward and backward',
  chain: '`((x*x+x).relu()*0.5)` on 4096×1000, forward and backward',
}

const speedUp = (ours: Timing, other: Timing): string => {
  const ratio = other.median / ours.median
  return `${ratio < 100 ? ratio.toPrecision(2) : Math.round(ratio)}×`
}

const nameOf = (workload = ''): string => functions[workload] ?? `training step, ${workload}`

/** Marks a row measured on throttled cores. */
const mark = ({ scaling }: Row): string => (scaling && scaling.least < unthrottledScaling ? ' †' : '')

function overPyTorch(name: string, row: Row, ours: Timing | undefined): string {
  const { pytorch } = row
  if (ours === undefined || !pytorch) throw new Error(`readme: expected a timing of ${name} in PyTorch too`)
  const of = (other: Timing & { readonly setting?: string }): string =>
    `${time(other.median)}${other.setting === undefined ? '' : ` (${other.setting})`} | ${speedUp(ours, other)}${mark(row)}`
  return `| ${name} | ${time(ours.median)} | ${of(pytorch)} | ${row.javaScript ? of(row.javaScript) : ' | '} |`
}

function overReference(name: string, { reference, rate, unit }: Row, ours: Timing | undefined): string {
  if (ours === undefined || !reference) throw new Error(`readme: expected timings of ${name}`)
  const speed = rate === undefined ? '' : ` (${digits(rate)} ${unit})`
  return `| ${name} | ${time(ours.median)}${speed} | ${time(reference.median)} | ${speedUp(ours, reference)} |`
}

/** The section's text, from a report of all groups. @throws Error if the report lacks a row. */
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
    `![Speed-up of compiled steps over PyTorch, the best other JavaScript library and our TypeScript backend](${picture})`,
    '',
    'Compiled steps against PyTorch at its best setting (threads of PyTorch and of its BLAS, loop or foreach optimizer) and',
    'against the best other JavaScript library. Contestants alternate within one run; times are medians.',
    `Run of ${date.slice(0, 10)}: ${machine}.`,
    '`npm run bench` repeats it. Ratios carry over to other machines, times do not.',
    '',
    '| | blasgrad, compiled | PyTorch | speed-up | best other JavaScript | speed-up |',
    '| --- | --- | --- | --- | --- | --- |',
    ...compared,
    ...(compared.some(line => line.includes('†'))
      ? ['', `† cores throttled: two threads of sgemm did less than ${unthrottledScaling}× the work of one.`]
      : []),
    '',
    'The native backend against this library’s TypeScript backend:',
    '',
    '| | native | TypeScript | speed-up |',
    '| --- | --- | --- | --- |',
    ...steps
      .filter(({ reference, workload = '' }) => reference && !(workload in functions) && !workload.includes(', '))
      .map(row => overReference(`${nameOf(row.workload)}, compiled`, row, row.compiled)),
    ...named,
  ].join('\n')
}

/** Replaces the section in the README and writes its pictures. */
export function updateReadme(file: string, report: Report): void {
  const text = readFileSync(file, 'utf8')
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from === -1 || to < from) throw new Error(`readme: expected the marks ${begin} and ${end} in ${file}`)
  writeFileSync(file, `${text.slice(0, from + begin.length)}\n${speedLines(report)}\n${text.slice(to)}`)
  drawPictures(join(dirname(file), picture.replace('.svg', '')), report.groups as Drawn)
}
