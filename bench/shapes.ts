// Whether a kernel is tuned to the sizes that it is measured on: each on its shapes, and with every size a fifth less and a
// fifth more. Efficiency is operations a second for products and what is made of them, bytes a second for the others.

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
/** The part of a shape's efficiency that those beside it are to have at least. */
const least = 0.85
/** The kernels that steps spend their time in, by class; of the elementwise ones, which share their loops, a few. */
const classes: readonly KernelClass[] = ['product', 'rowwise', 'optimizer']
const elementwise: readonly string[] = ['add', 'exp', 'tanh']
/** Operations a byte from which on efficiency is operations a second. */
const leastIntensity = 1
/** Below this, in µs, a call from JavaScript is a good part of what is timed. */
const leastMicros = 10

/** Calls are short, and fifteen in a hundred are to be told apart. */
const shapePlan = ({ rounds, sampleMs, warmUpMs }: Plan): Plan => ({
  rounds: 2 * rounds + 1,
  sampleMs: 2 * sampleMs,
  warmUpMs,
})

interface Beside {
  readonly factor: number
  readonly shape: string
  readonly figure: Figure
  /** Its efficiency over that of the shape itself. */
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

/** Whether a call is arithmetic rather than moving bytes. */
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
  /** The middle of the rounds' ratios: what is timed in one round, the host treats alike. */
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

const isWanted = (kernel: KernelName): boolean =>
  classes.includes(kernels[kernel].class) || elementwise.includes(kernel)

export const shapeBench: Group = async (settings: Settings) => {
  const { smoke, kernel: only } = settings
  use('native')
  const results: ShapeResult[] = []
  for (const kernel of kernelNames.filter(name => (only === undefined ? isWanted(name) : name === only))) {
    for (const shape of smoke ? shapesOf(kernel).slice(0, 1).map(shrink) : shapesOf(kernel)) {
      const result = await timeShape(kernel, shape, settings)
      if (result !== null) results.push(result)
    }
  }
  printTable(
    `shapes: every size a fifth less, a fifth more: the efficiency over that of the shape itself, at least ${least}\n` +
      `(calls of ${leastMicros} µs or more; where the arrays just fit a cache, that shows too)`,
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
