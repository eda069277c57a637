// Every kernel of the table, native against reference, on named shapes. What the ops around the kernels cost is in
// dispatch.ts.

import { type Backend, type KernelName, kernelNames, loadNative, reference } from 'blasgrad/backend'
import { digits, spread, time, times, timesFaster } from './report/format.js'
import { type Peaks, printRoofs, slowest } from './report/roofline.js'
import { printTable } from './report/table.js'
import type { BackendName } from './support/backends.js'
import { type Call, callsOf } from './support/calls.js'
import type { Group } from './support/group.js'
import { bytesOf, flopsOf } from './support/library.js'
import { compare, type Figure, type Plan } from './support/timing.js'

/** What the rounds of one side take at most, in ms: the reference takes a second for some calls. */
const mostMs = 500

interface KernelResult {
  readonly kernel: KernelName
  readonly shape: string
  readonly native: Figure
  readonly reference: Figure
  /**
   * Of the native kernel, in units of 10⁹ a second: arithmetic for matmul; for the others the bytes of the arrays as
   * the rows count them, each element once, which for lookups and strided reads is more than what they touch.
   */
  readonly rate: number
  readonly unit: 'GFLOP/s' | 'GB/s'
  /** Of a call: the bytes of its arrays, and its arithmetic, 0 where the row gives none. */
  readonly bytes: number
  readonly flops: number
  /** How many times as fast as the reference. */
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
    faster: timesFaster(figures.native, figures.reference),
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

/** What the machine gives: copying what no cache holds, and products of matrices. */
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
