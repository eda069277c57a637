// Times a training step as a network grows: width, depth and batch, each doubled four times; ours and PyTorch's.

import { withTensors } from './peers/exchange.js'
import { digits, time, times } from './report/format.js'
import { type Ratio, ratioOver } from './report/ratio.js'
import { printTable } from './report/table.js'
import { allThreads, use } from './support/backends.js'
import type { Group, Settings } from './support/group.js'
import { type Figure, patient, race } from './support/timing.js'
import { mlpWorkload } from './workloads/mlp.js'
import { compiled } from './workloads/ways.js'
import { inTurn } from './workloads/workloads.js'

/** The start of each series. Inputs and classes stay; hidden layers have one width. */
const [inputs, classes] = [64, 10]
const first = { width: 64, depth: 2, batch: 32 }
type Dimension = keyof typeof first
const dimensions = Object.keys(first) as Dimension[]
const doublings = 4

export interface ScalingResult {
  /** The size that is doubled, and its value. */
  readonly dimension: Dimension
  readonly size: number
  readonly batch: number
  readonly parameters: number
  readonly compiled: Figure
  /** Null: not installed. */
  readonly pytorch: Figure | null
  readonly overPyTorch: Ratio | null
  /** ns of our step per parameter and per sample. */
  readonly perParameter: number
  readonly perSample: number
}

const parametersOf = (layers: readonly number[]): number =>
  layers.slice(1).reduce((sum, size, i) => sum + (layers[i] + 1) * size, 0)

async function timeSize(dimension: Dimension, size: number, { plan, smoke, peers }: Settings): Promise<ScalingResult> {
  const { width, depth, batch }: Readonly<Record<Dimension, number>> = { ...first, [dimension]: size }
  const layers = [inputs, ...Array.from({ length: depth }, () => width), classes]
  const workload = mlpWorkload(`${dimension} ${size}`, layers, batch, 'Adam')
  const pytorch = smoke ? null : await peers.pytorch()
  const start = workload.start()
  const trial = { rounds: 1, sampleMs: 5, warmUpMs: 20 }
  const finalists =
    pytorch === null ? [] : await withTensors(start.tensors, file => pytorch.finalists(workload.task, file, trial, 1))
  use('native')
  const run = inTurn(compiled(start).sync, start.batches)
  const ours = [...new Set([1, allThreads])].map(threads => ({
    name: `compiled, ${threads}`,
    run: () => void run(),
    prepare: () => use('native', threads),
  }))
  const { figures, lost } = await race<string>(
    [...finalists.map(({ contestant }) => contestant), ...ours],
    smoke ? plan : { ...patient(plan), rounds: plan.rounds },
  )
  for (const [setting, error] of lost) pytorch?.note(setting, error)
  await pytorch?.release()
  const best = (names: readonly string[]): Figure | null =>
    names
      .map(name => figures[name])
      .filter(figure => figure !== undefined)
      .sort((a, b) => a.median - b.median)[0] ?? null
  const figure = best(ours.map(({ name }) => name))
  if (figure === null) throw new Error('scaling: expected a figure of our own, got none')
  const theirs = best(finalists.map(({ name }) => name))
  const parameters = parametersOf(layers)
  return {
    ...{ dimension, size, batch, parameters, compiled: figure, pytorch: theirs },
    overPyTorch: theirs && ratioOver(figure, theirs),
    perParameter: (1000 * figure.median) / parameters,
    perSample: (1000 * figure.median) / batch,
  }
}

const cells = (result: ScalingResult): string[] => [
  `${result.dimension} ${result.size}`,
  result.parameters.toLocaleString('en'),
  String(result.batch),
  time(result.compiled.median),
  result.pytorch === null ? '' : time(result.pytorch.median),
  result.overPyTorch === null ? '' : times(result.overPyTorch.ratio),
  `${digits(result.perParameter)} ns`,
  `${digits(result.perSample / 1000)} µs`,
]

export const scalingBench: Group = async settings => {
  const results: ScalingResult[] = []
  for (const dimension of dimensions) {
    for (let i = 0; i <= (settings.smoke ? 0 : doublings); i++) {
      results.push(await timeSize(dimension, first[dimension] * 2 ** i, settings))
    }
  }
  use('native')
  printTable(
    `scaling: a training step of ${inputs}-width-…-${classes} with Adam, one size doubled at a time ` +
      `(from width ${first.width}, ${first.depth} hidden layers, batch ${first.batch})`,
    ['', 'parameters', 'batch', 'compiled', 'PyTorch', '× PyTorch', 'a parameter', 'a sample'],
    results.map(cells),
  )
  return results
}
