// The rows of the `steps` group and its tables.

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
  /** PyTorch's best setting; null: not installed. */
  readonly pytorch: (Figure & { readonly setting: string }) | null
  /** The best other JavaScript library on its best setting; null: none installed or none supports the workload. */
  readonly javaScript: (Figure & { readonly setting: string }) | null
  readonly compiled: Figure & { readonly how: string }
  readonly eager: Figure | null
  /** Null: the workload is too large for the reference. */
  readonly reference: Figure | null
  readonly overPyTorch: Ratio | null
  readonly overJavaScript: Ratio | null
  readonly overReference: Ratio | null
  /** The speed-up of all threads over one; null on one core. */
  readonly threads: (Ratio & { readonly threads: number }) | null
  readonly scaling: Scaling | null
  /** Values after a few steps: losses, or a function of the gradient. */
  readonly values: Values
  /** Figures of all contestants. */
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
  ...['× PyTorch', 'range', 'target', 'met', 'cores', 'differ', 'PyTorch’s best setting'],
]

/** The cells of another library: its figure and best setting. Its contestants' names begin with its name. */
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
  ...['× the best', 'range', 'target', 'met'],
  ...['TypeScript', 'spread', '× TypeScript', 'range', 'target', 'met'],
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
      `(range: over the rounds; cores: speed-up of two threads of sgemm; differ: of values after ${checkedSteps} steps;\n` +
      ' softmax, chain: 4096×1000, forward, and backward from a given gradient)',
    pytorchHeader,
    results.map(againstPyTorch),
  )
  printTable(
    'steps: compiled against other JavaScript libraries and against our TypeScript backend',
    javaScriptHeader,
    results.map(againstJavaScript),
  )
  const several = results.filter(({ threads, compiled }) => threads !== null && compiled.how.startsWith('compiled'))
  if (several.length > 0) {
    printTable(
      'steps: speed-up of all threads over one, compiled',
      ['workload', 'one thread', 'spread', 'all', 'spread', 'speed-up', 'range'],
      several.map(onThreads),
    )
  }
  printScalingNote(results.map(({ scaling }) => scaling))
}
