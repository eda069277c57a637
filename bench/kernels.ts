// Times every kernel of the table, native against reference, on named shapes. The ops' overhead is in dispatch.ts.

import { type Backend, type KernelName, kernelNames, loadNative, reference } from 'blasgrad/backend'
import { digits, speedUp, spread, time, times } from './report/format.js'
import { type Peaks, printRoofs, slowest } from './report/roofline.js'
import { printTable } from './report/table.js'
import type { BackendName } from './support/backends.js'
import { type Call, callsOf } from './support/calls.js'
import type { Group } from './support/group.js'
import { bytesOf, flopsOf } from './support/library.js'
import { compare, type Figure, type Plan } from './support/timing.js'

/** Upper bound for the rounds of one contestant, in ms: some calls of the reference take a second. */
const mostMs = 500

interface KernelResult {
  readonly kernel: KernelName
  readonly shape: string
  readonly native: Figure
  readonly reference: Figure
  /**
   * The native kernel's rate: arithmetic for matmul, bytes for the others. Bytes count each element of the arrays once,
   * which is more than lookups and strided reads touch.
   */
  readonly rate: number
  readonly unit: 'GFLOP/s' | 'GB/s'
  /** The call's array bytes and arithmetic; 0 if the table row has no FLOP count. */
  readonly bytes: number
  readonly flops: number
  /** Speed-up over the reference. */
  readonly faster: number
}

async function timeCall(native: Backend, kernel: KernelName, { name, args }: Call, plan: Plan): Promise<KernelResult> {
  const runOn = (backend: Backend): (() => void) => {
    const run = backend[kernel] as (...args: readonly unknown[]) => unknown
    const badId = run(...args) ?? -1
    if (badId !== -1) throw new Error(`${kernel}, ${name}: expected ids in range, got a bad one at ${badId}`)
    return () => run(...args)
  }
  const figures: Record<BackendName, Figure> = await compare(
    [
      { name: 'native', run: runOn(native) },
      { name: 'reference', run: runOn(reference) },
    ],
    plan,
  )
  const [bytes, flops] = [bytesOf(kernel, args), flopsOf(kernel, args)]
  const [work, unit] = kernel === 'matmul' ? ([flops, 'GFLOP/s'] as const) : ([bytes, 'GB/s'] as const)
  return {
    kernel,
    shape: name,
    ...figures,
    rate: work / (figures.native.median * 1000),
    unit,
    bytes,
    flops,
    faster: speedUp(figures.native, figures.reference),
  }
}

const cells = ({ kernel, shape, native, reference, rate, unit, faster }: KernelResult): string[] => [
  kernel,
  shape,
  time(native.median),
  spread(native),
  time(reference.median),
  spread(reference),
  `${digits(rate)} ${unit}`,
  times(faster),
  faster < 1 ? 'slower' : '',
]

/** The machine's measured peaks: copies that exceed the caches, and matrix products. */
function peaksOf(results: readonly KernelResult[]): Peaks {
  const most = (of: KernelName, least: number): number =>
    Math.max(...results.filter(({ kernel, bytes }) => kernel === of && bytes >= least).map(({ rate }) => rate))
  return { bytes: most('copy', 16e6), flops: most('matmul', 0) }
}

export const kernelBench: Group = async ({ plan, smoke, kernel: only }) => {
  const native = loadNative().backend
  const results: KernelResult[] = []
  for (const kernel of kernelNames.filter(name => only === undefined || name === only)) {
    for (const call of callsOf(kernel, smoke)) results.push(await timeCall(native, kernel, call, { ...plan, mostMs }))
  }
  printTable(
    'kernels, float32',
    ['kernel', 'shape', 'native', 'spread', 'reference', 'spread', 'native', 'faster', ''],
    results.map(cells),
    2,
  )
  if (!smoke && only === undefined) {
    const peaks = peaksOf(results)
    const measured = results.map(({ native, ...rest }) => ({ ...rest, micros: native.median }))
    printRoofs(slowest(measured, peaks), peaks)
  }
  return results
}
