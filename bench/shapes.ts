// Tests that no kernel is tuned to its benchmark's sizes: each runs on its shapes and with all sizes at 0.8 and 1.2.
// Efficiency is operations a second where arithmetic dominates, bytes a second elsewhere.

import { type KernelClass, type KernelName, kernelNames, kernels, loadNative } from 'blasgrad/backend'
import { digits, time } from './report/format.js'
import { printTable } from './report/table.js'
import { use } from './support/backends.js'
import { callOn, shapesOf } from './support/calls.js'
import { printScalingNote, type Scaling, scalingCell, timedOnCores } from './support/cores.js'
import type { Group, Settings } from './support/group.js'
import { bytesOf, flopsOf } from './support/library.js'
import { type Shape, scaled, shrink } from './support/shapes.js'
import { compare, type Figure, median, type Plan } from './support/timing.js'

const factors = [0.8, 1.2]
/** Required efficiency, relative to the shape's own. */
const least = 0.85
/** Classes of the kernels that dominate steps. Elementwise kernels share their loops, so a few of them suffice. */
const classes: readonly KernelClass[] = ['product', 'rowwise', 'optimizer']
const elementwise: readonly string[] = ['add', 'exp', 'tanh']
/** Arithmetic intensity (operations a byte) above which efficiency counts operations. */
const leastIntensity = 1
/** Shorter calls, in µs, are skipped: the call from JavaScript would dominate. */
const leastMicros = 10

/** Calls are short, and a difference of 15% has to be significant. */
const shapePlan = ({ rounds, sampleMs, warmUpMs }: Plan): Plan => ({
  rounds: 2 * rounds + 1,
  sampleMs: 2 * sampleMs,
  warmUpMs,
})

interface Beside {
  readonly factor: number
  readonly shape: string
  readonly figure: Figure
  /** Efficiency relative to the shape itself. */
  readonly efficiency: number
}

interface ShapeResult {
  readonly kernel: KernelName
  readonly shape: string
  readonly native: Figure
  /** Bytes of the arrays. */
  readonly bytes: number
  readonly beside: readonly Beside[]
  readonly met: boolean
  readonly scaling: Scaling | null
}

/** Whether arithmetic rather than memory traffic dominates a call. */
const isArithmetic = (kernel: KernelName, args: readonly unknown[]): boolean =>
  flopsOf(kernel, args) > leastIntensity * bytesOf(kernel, args)

async function timeShape(
  kernel: KernelName,
  shape: Shape,
  { plan, smoke, peers }: Settings,
): Promise<ShapeResult | null> {
  const others = factors.map(factor => ({ factor, shape: scaled(shape, factor) }))
  if (others.some(({ shape }) => shape === null)) return null
  const run = loadNative().backend[kernel] as (...args: readonly unknown[]) => unknown
  const work = isArithmetic(kernel, callOn(kernel, shape).args) ? flopsOf : bytesOf
  const entries = [{ factor: 1, shape }, ...others].map(({ factor, shape }) => {
    const { name, args } = callOn(kernel, shape as Shape)
    return { factor, name, work: work(kernel, args), bytes: bytesOf(kernel, args), run: () => void run(...args) }
  })
  const quick = await compare([entries[0]], { rounds: 1, sampleMs: 0.5, warmUpMs: 1 })
  if (plan.rounds > 1 && quick[entries[0].name].median < leastMicros) return null
  const { result: figures, scaling } = await timedOnCores(peers, smoke, take =>
    compare(entries, smoke ? plan : shapePlan(plan), { take }),
  )
  /** The median of the rounds' ratios: the host's speed is the same within one round. */
  const over = (entry: (typeof entries)[number], base: (typeof entries)[number]): number =>
    (entry.work / base.work) *
    median(figures[base.name].samples.map((sample, round) => sample / figures[entry.name].samples[round]))
  const beside = entries.slice(1).map(entry => ({
    factor: entry.factor,
    shape: entry.name,
    figure: figures[entry.name],
    efficiency: over(entry, entries[0]),
  }))
  const met = beside.every(({ efficiency }) => efficiency >= least)
  const [{ name, bytes }] = entries
  return { kernel, shape: name, native: figures[name], bytes, beside, met, scaling }
}

const isSelected = (kernel: KernelName): boolean =>
  classes.includes(kernels[kernel].class) || elementwise.includes(kernel)

export const shapeBench: Group = async (settings: Settings) => {
  const { smoke, kernel: only } = settings
  use('native')
  const results: ShapeResult[] = []
  for (const kernel of kernelNames.filter(name => (only === undefined ? isSelected(name) : name === only))) {
    for (const shape of smoke ? shapesOf(kernel).slice(0, 1).map(shrink) : shapesOf(kernel)) {
      const result = await timeShape(kernel, shape, settings)
      if (result !== null) results.push(result)
    }
  }
  printTable(
    `shapes: efficiency with all sizes at 0.8 and 1.2, relative to the shape itself; target ${least}\n` +
      `(calls of ${leastMicros} µs or more; arrays that just fit a cache distort it)`,
    ['kernel', 'shape', 'arrays', 'native', ...factors.map(factor => `× ${factor}`), 'met', 'cores'],
    results.map(({ kernel, shape, bytes, native, beside, met, scaling }) => [
      ...[kernel, shape, `${digits(bytes / 1e6)} MB`, time(native.median)],
      ...beside.map(({ efficiency }) => digits(efficiency)),
      met ? 'yes' : 'no',
      scalingCell(scaling),
    ]),
    2,
  )
  printScalingNote(results.map(({ scaling }) => scaling))
  const missed = results.filter(({ met }) => !met).length
  console.log(`${results.length - missed} of ${results.length} met`)
  return results
}
