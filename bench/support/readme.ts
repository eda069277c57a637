// Writes the README's lines on speed from a report, so that they are what the bench said and nothing else.

import { readFileSync, writeFileSync } from 'node:fs'

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
  /** null where the workload is too large for it. */
  readonly reference?: Timing | null
  readonly faster?: number | null
  readonly rate?: number
  readonly unit?: string
}

export interface Report {
  readonly date: string
  readonly machine: string
  readonly groups: Readonly<Record<string, readonly Row[]>>
}

/** The kernels that a reader would ask for. */
const kernels = ['matmul 1024×1024×1024', 'softmax 4096×1000, rows', 'add 4096×1000', 'adam 1,000,000']

const micros = ({ median }: Timing): string =>
  median >= 1000 ? `${(median / 1000).toPrecision(3)} ms` : `${median.toPrecision(3)} µs`

function line({ native, reference, faster, rate, unit }: Row, name: string): string {
  if (native === undefined) throw new Error(`readme: expected a timing of ${name}`)
  const speed = rate === undefined ? '' : ` (${rate.toPrecision(3)} ${unit})`
  const times = faster === undefined || faster === null ? '–' : `${faster.toPrecision(2)}×`
  return `| ${name} | ${micros(native)}${speed} | ${reference === undefined || reference === null ? '–' : micros(reference)} | ${times} |`
}

/** The table, from a report of all three groups. @throws Error where the report lacks one of its rows. */
export function speedLines({ date, machine, groups }: Report): string {
  const steps = (groups.steps ?? []).map(row => line(row, `training step, ${row.workload}`))
  const named = kernels.map(name => {
    const row = groups.kernels?.find(({ kernel, shape }) => `${kernel} ${shape}` === name)
    if (row === undefined) throw new Error(`readme: expected a bench of ${name}`)
    return line(row, name)
  })
  const calls = (groups.dispatch ?? [])
    .filter(({ native, elements }) => native !== undefined && elements !== 4096)
    .map(row => line(row, `\`${row.expression}\`, ${row.elements} elements`))
  return [
    `Native against this library's own TypeScript backend, eager, medians of one run on ${date.slice(0, 10)}: ${machine}.`,
    '`npm run bench` repeats it; the ratios carry over to other machines, the times do not.',
    '',
    '| | native | TypeScript | faster |',
    '| --- | --- | --- | --- |',
    ...steps,
    ...named,
    ...calls,
  ].join('\n')
}

/** Puts the report's lines where the README has them. */
export function updateReadme(file: string, report: Report): void {
  const text = readFileSync(file, 'utf8')
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from === -1 || to < from) throw new Error(`readme: expected the marks ${begin} and ${end} in ${file}`)
  writeFileSync(file, `${text.slice(0, from + begin.length)}\n${speedLines(report)}\n${text.slice(to)}`)
}
