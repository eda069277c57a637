// The rows of the steps' bench, and their table.

import { difference, type Values } from './agreement.js'
import { printScalingNote, type Scaling, scalingCell } from './cores.js'
import { spread, time, times } from './format.js'
import { type Ratio, range, targets, verdict } from './ratio.js'
import { printTable } from './table.js'
import type { Figure } from './timing.js'

export interface StepResult {
  readonly workload: string
  readonly batch: number
  /** Its best setting; null where it is missing. */
  readonly pytorch: (Figure & { readonly setting: string }) | null
  readonly compiled: Figure & { readonly how: string }
  readonly eager: Figure | null
  /** Null where the workload is too large for the reference. */
  readonly reference: Figure | null
  readonly overPyTorch: Ratio | null
  readonly overReference: Ratio | null
  readonly scaling: Scaling | null
  /** After a few steps: losses, or what is made of the gradient. */
  readonly values: Values
  /** Of all that took part. */
  readonly figures: Readonly<Partial<Record<string, Figure>>>
}

const figureCells = (figure: Figure | null): string[] =>
  figure === null ? ['', ''] : [time(figure.median), spread(figure)]

const cells = (result: StepResult): string[] => [
  result.workload,
  ...figureCells(result.pytorch),
  ...figureCells(result.compiled),
  result.compiled.how.replace('compiled, ', ''),
  ...figureCells(result.eager),
  ...figureCells(result.reference),
  result.overPyTorch === null ? '' : times(result.overPyTorch.ratio),
  result.overPyTorch === null ? '' : range(result.overPyTorch),
  ...verdict(result.overPyTorch, targets[result.workload]),
  result.overReference === null ? '' : times(result.overReference.ratio),
  scalingCell(result.scaling),
  difference(result.values).toExponential(0),
  result.pytorch?.setting ?? '',
]

const header = [
  'workload',
  ...['PyTorch', 'spread', 'compiled', 'spread', 'on', 'eager', 'spread', 'TypeScript', 'spread'],
  ...['× PyTorch', 'range', 'at least', 'met', '× TypeScript', 'cores', 'differ', 'PyTorch’s best setting'],
]

export function printSteps(results: readonly StepResult[], checkedSteps: number): void {
  printTable(
    'steps: compiled (.sync) against PyTorch and this library’s TypeScript backend\n' +
      `(range: over the rounds; cores: what two threads of sgemm were worth; differ: values after ${checkedSteps} steps;\n` +
      ' softmax, chain: 4096×1000, forward, and backward from a given gradient; the gradient is kept)',
    header,
    results.map(cells),
  )
  printScalingNote(results.map(({ scaling }) => scaling))
}
