// The rows of the steps' bench, and their table.

import { scriptPeerNames } from '../peers/script-peer.js'
import { printScalingNote, type Scaling, scalingCell } from '../support/cores.js'
import type { Figure } from '../support/timing.js'
import { difference, type Values } from './agreement.js'
import { spread, time, times } from './format.js'
import { javaScriptTarget, type Ratio, range, referenceTargetOf, targets, verdict } from './ratio.js'
import { printTable } from './table.js'

export interface StepResult {
  readonly workload: string
  readonly batch: number
  /** Its best setting; null where it is missing. */
  readonly pytorch: (Figure & { readonly setting: string }) | null
  /** The best other library in JavaScript, on its best setting; null where none is here or does it. */
  readonly javaScript: (Figure & { readonly setting: string }) | null
  readonly compiled: Figure & { readonly how: string }
  readonly eager: Figure | null
  /** Null where the workload is too large for the reference. */
  readonly reference: Figure | null
  readonly overPyTorch: Ratio | null
  readonly overJavaScript: Ratio | null
  readonly overReference: Ratio | null
  /** How many times as fast all threads are as one; null where there is one. */
  readonly threads: (Ratio & { readonly threads: number }) | null
  readonly scaling: Scaling | null
  /** After a few steps: losses, or what is made of the gradient. */
  readonly values: Values
  /** Of all that took part. */
  readonly figures: Readonly<Partial<Record<string, Figure>>>
}

const figureCells = (figure: Figure | null): string[] =>
  figure === null ? ['', ''] : [time(figure.median), spread(figure)]

const ratioCells = (ratio: Ratio | null, target: number | undefined): string[] => [
  ratio === null ? '' : times(ratio.ratio),
  ratio === null ? '' : range(ratio),
  ...verdict(ratio, target),
]

const againstPyTorch = (result: StepResult): string[] => [
  result.workload,
  ...figureCells(result.pytorch),
  ...figureCells(result.compiled),
  result.compiled.how.replace('compiled, ', ''),
  ...figureCells(result.eager),
  ...ratioCells(result.overPyTorch, targets[result.workload]),
  scalingCell(result.scaling),
  difference(result.values).toExponential(0),
  result.pytorch?.setting ?? '',
]

const pytorchHeader = [
  'workload',
  ...['PyTorch', 'spread', 'compiled', 'spread', 'on', 'eager', 'spread'],
  ...['× PyTorch', 'range', 'at least', 'met', 'cores', 'differ', 'PyTorch’s best setting'],
]

/** The figure of another library, and the setting that was its best; its contestants begin with its name. */
function otherCells(figures: StepResult['figures'], name: string): string[] {
  const setting = Object.keys(figures).find(key => key.startsWith(`${name} `))
  const figure = setting === undefined ? undefined : figures[setting]
  return figure === undefined ? ['', '', ''] : [...figureCells(figure), setting?.slice(name.length + 1) ?? '']
}

const againstJavaScript = (result: StepResult): string[] => [
  result.workload,
  ...figureCells(result.compiled),
  ...scriptPeerNames.flatMap(name => otherCells(result.figures, name)),
  ...ratioCells(result.overJavaScript, javaScriptTarget),
  ...figureCells(result.reference),
  ...ratioCells(result.overReference, referenceTargetOf(result.workload)),
]

const javaScriptHeader = [
  ...['workload', 'compiled', 'spread', ...scriptPeerNames.flatMap(name => [name, 'spread', 'on'])],
  ...['× the best', 'range', 'at least', 'met'],
  ...['TypeScript', 'spread', '× TypeScript', 'range', 'at least', 'met'],
]

const onThreads = ({ workload, figures, threads }: StepResult): string[] => [
  workload,
  ...['compiled, 1 thread', `compiled, ${threads?.threads} threads`].flatMap(name =>
    figureCells(figures[name] ?? null),
  ),
  ...ratioCells(threads, undefined).slice(0, 2),
]

export function printSteps(results: readonly StepResult[], checkedSteps: number): void {
  printTable(
    'steps: compiled (.sync) against PyTorch\n' +
      `(range: over the rounds; cores: what two threads of sgemm were worth; differ: values after ${checkedSteps} steps;\n` +
      ' softmax, chain: 4096×1000, forward, and backward from a given gradient; the gradient is kept)',
    pytorchHeader,
    results.map(againstPyTorch),
  )
  printTable(
    'steps: compiled against other libraries in JavaScript, and against this library’s TypeScript backend',
    javaScriptHeader,
    results.map(againstJavaScript),
  )
  const several = results.filter(({ threads, compiled }) => threads !== null && compiled.how.startsWith('compiled'))
  if (several.length > 0) {
    printTable(
      'steps: what all threads are worth, compiled',
      ['workload', 'one thread', 'spread', 'all', 'spread', 'speed-up', 'range'],
      several.map(onThreads),
    )
  }
  printScalingNote(results.map(({ scaling }) => scaling))
}
