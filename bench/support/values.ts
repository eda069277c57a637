// Values for the arguments of timed kernels: ordinary numbers that neither overflow nor vanish, however often the kernel
// runs. The tests have their own.

import { type KernelName, kernels } from 'blasgrad/backend'
import type { Argument } from './library.js'

/** Values of scalars by name; each value is timed. */
export const scalars: Readonly<Record<string, readonly number[]>> = {
  slope: [0.01],
  low: [-0.5],
  high: [0.5],
  exponent: [2, 2.5],
  ignoreIndex: [-100],
  smoothing: [0],
  eps: [1e-5],
  value: [1],
  start: [0],
  step: [1],
  end: [1],
  mean: [0],
  std: [1],
  p: [0.5],
  scale: [0.2],
  alpha: [1],
}

const positiveOnly: readonly KernelName[] = [
  'log',
  'log1p',
  'log2',
  'log10',
  'xlogy',
  'sqrt',
  'rsqrt',
  'sqrtBackward',
  'pow',
  'powBackward',
]
const products: readonly KernelName[] = ['prod', 'prodBackward']

type Value = (index: number) => number

const between =
  (low: number, high: number): Value =>
  () =>
    low + (high - low) * Math.random()
const below = (limit: number): Value => {
  const random = between(0, limit)
  return index => Math.floor(random(index))
}

const rowAt = (row: number, apart: number): number => (row % apart === 0 ? row / apart : -1)

/** The first position, in its plane, of the window that a result was pooled from; windows do not overlap. */
function tapAt(index: number, { height, width, outHeight, outWidth }: Record<string, unknown>): number {
  const [down, across] = [Number(height) / Number(outHeight), Number(width) / Number(outWidth)].map(Math.floor)
  const inPlane = index % (Number(outHeight) * Number(outWidth))
  return Math.floor(inPlane / Number(outWidth)) * down * Number(width) + (inPlane % Number(outWidth)) * across
}

/** The function from an index to an input's element. @throws Error for an unknown argument. */
export function inputValue(
  kernel: KernelName,
  { name, element }: Argument,
  parameters: Record<string, unknown>,
): Value {
  if (element === 'bool') return below(2)
  if (element === 'any') return below(256)
  if (name === 'next') return () => -1
  // Evenly spaced rows are touched, each by one position.
  if (name === 'first') return row => rowAt(row, Math.ceil(Number(parameters.n) / Number(parameters.count)))
  if (name === 'at') return index => tapAt(index, parameters)
  if (name === 'ids') return below(Number(parameters.n))
  if (name === 'state') return index => [1, 2, 3, 4][index]
  const { settings } = kernels[kernel]
  if (name === 'hyper' && settings !== undefined) return index => settings[index][0]
  if (name === 'step') return () => 10
  // Small weights, and gates between 0 and 1, so that the state does not grow.
  if (name === 'weight') return between(-0.05, 0.05)
  if (name === 'gates') return between(0.1, 0.9)
  // ln Σ e^(s − max) is at least 0.
  if (name === 'logSum') return between(1, 4)
  if (element !== 'T') throw new Error(`${kernel}: no values for ${name}: add them to bench/support/values.ts`)
  if (products.includes(kernel)) return between(0.999, 1.001)
  return positiveOnly.includes(kernel) || name === 'v' ? between(0.5, 2) : between(-2, 2)
}
