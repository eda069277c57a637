// What a kernel's row does not say about its arguments: values they must have, sizes that its comment demands. A kernel
// that is not here has arguments that may be anything. An int32 or float64 argument must be here.

import type { NumberArray } from '../../../lib/backend/signature.js'
import { type KernelName, kernelNames, kernelRow } from '../../../lib/backend/table.js'

/** Parameters of the call by name, and a generator. */
export interface Setting {
  readonly random: () => number
  readonly parameters: Readonly<Record<string, unknown>>
  /** The array arguments before this one. */
  readonly inputs: Readonly<Record<string, NumberArray>>
}

export interface Domain {
  /** The values that scalars take, in turn. */
  readonly scalars?: Readonly<Record<string, readonly number[]>>
  readonly atLeast?: Readonly<Record<string, number>>
  readonly most?: Readonly<Record<string, number>>
  /** The pairs that an argument of sizes takes, in turn. */
  readonly dims?: readonly (readonly number[])[]
  /** The element at `index` of an array argument. */
  readonly values?: Readonly<Record<string, (setting: Setting, index: number) => number>>
  /** Also run with NaN and infinities among the inputs; elementwise kernels always are. */
  readonly special?: true
}

const below = (limit: number, random: () => number): number => Math.floor(random() * limit)
const id = ({ random, parameters }: Setting): number => below(Math.max(1, Number(parameters.n)), random)
const idOrIgnored = (setting: Setting): number =>
  setting.random() < 0.2 ? Number(setting.parameters.ignoreIndex) : id(setting)
const word = ({ random }: Setting): number => below(4294967296, random) | 0
const positive = ({ random }: Setting): number => 0.1 + random()
/** Near 1 in size, so that products neither vanish nor overflow; some are 0. */
const factor = ({ random }: Setting): number =>
  random() < 0.03 ? 0 : (0.8 + 0.4 * random()) * (random() < 0.5 ? -1 : 1)

const lookups: Domain = { values: { ids: id } }
const extreme: Domain = { atLeast: { n: 1 }, special: true }
const exponents = { scalars: { exponent: [0, 1, 2, 3, 0.5, -1, -0.5, 2.5, -2] } }
const bounds = { scalars: { low: [-1, -0.5, 1, Number.NEGATIVE_INFINITY], high: [1, 2.25, -1, 0.5] } }
const classes: Domain = {
  scalars: { ignoreIndex: [-100, 1], smoothing: [0, 0.1, 0, 0.3] },
  values: { ids: idOrIgnored, weight: positive },
}
/** ln Σ e^(a − the largest) of a row, without which the gradient's p is none. */
const logSum = ({ inputs, parameters }: Setting, row: number): number => {
  const n = Number(parameters.n)
  const values = Array.from((inputs.a as Float64Array).subarray(row * n, (row + 1) * n))
  const largest = values.reduce((most, x) => Math.max(most, x), Number.NEGATIVE_INFINITY)
  return Math.log(values.reduce((sum, x) => sum + Math.exp(x - largest), 0))
}
const strided = [
  [],
  [5, 1],
  [0, 1],
  [1, 0],
  [3, 4, 2, 2],
  [4, 1, 3, 4],
  [33, 1, 17, 33],
  [2, 1, 3, 2, 4, 6],
  [2, 128, 2, 64, 2, 32, 2, 16, 2, 8, 2, 4, 2, 2, 2, 1],
  [7, 300, 260, 1],
]
const windows = [
  [1, 1, 1, 1, 1, 1],
  [2, 1, 0, 2, 1, 3],
  [],
  [3, 2, 2, 1, 2, 1],
  [1, 5, 4, 0],
  [2, 2, 3, 3, 4, 2],
  [0, 0, 1, 0, 0, 0],
  [70000, 1, 2, 90000, 1, 1],
  [1, 1, 0, 0, 50000, 40000],
]
const pools = [
  [2, 2, 2, 2],
  [2, 2, 2, 2],
  [3, 3, 2, 2, 1, 1],
  [2, 3, 1, 2, 1, 0, 2, 3],
  [],
  [1, 4, 3, 1, 0, 2],
  [5, 1, 1, 1, 2, 0, 3, 1],
  // Windows further apart, and larger, than any image.
  [1, 2, 20_000_000, 20_000_000],
  [2147483647, 2147483647, 2, 1, 1, 1],
]
const convolutions: Domain = { dims: windows, most: { each: 5 } }
/** A position in the plane, or none. */
const position = ({ random, parameters }: Setting): number =>
  random() < 0.1 ? -1 : below(Math.max(1, Number(parameters.height) * Number(parameters.width)), random)

/** Positions that are right, and some that end a list. */
const link = ({ random, parameters }: Setting): number => below(Number(parameters.count) + 3, random) - 1

/** For an optimizer's kernel, dense or row-sparse; `v` is a second moment. */
const optimizer = (settings: readonly (readonly number[])[]): Domain => ({
  values: {
    hyper: ({ random }, index) => {
      const values = settings[index]
      const isFlag = values.length === 2 && values[0] === 0 && values[1] === 1
      return values[isFlag ? below(2, random) : values.length - 1]
    },
    step: ({ random }) => 1 + below(2000, random),
    v: positive,
    first: link,
    next: link,
  },
})
const optimizers: Partial<Record<KernelName, Domain>> = Object.fromEntries(
  kernelNames.flatMap(name => {
    const { settings } = kernelRow(name)
    return settings === undefined ? [] : [[name, optimizer(settings)]]
  }),
)

/** Weights under which a state does not run away over the steps, and gates as a sigmoid gives them. */
const fromGates = ({ random }: Setting): number => 0.05 + 0.9 * random()
const recurrent: Domain = {
  most: { steps: 9, hidden: 65 },
  values: {
    weight: ({ random, parameters }) => (2 * random() - 1) / Math.sqrt(Number(parameters.hidden)),
    gates: fromGates,
  },
}

export const domains: Partial<Record<KernelName, Domain>> = {
  leakyRelu: { scalars: { slope: [0.01, -0.3, 2] } },
  leakyReluBackward: { scalars: { slope: [0.01, -0.3, 2] } },
  elu: { scalars: { alpha: [1, 0.5, -1.5], scale: [1, 1.3] } },
  eluBackward: { scalars: { alpha: [1, 0.5, -1.5], scale: [1, 1.3] } },
  hardtanhBackward: bounds,
  pow: exponents,
  powBackward: exponents,
  clamp: bounds,
  clampBackward: bounds,
  sum: { special: true },
  prod: { most: { n: 65 }, values: { a: factor } },
  prodBackward: { most: { n: 65 }, values: { a: factor } },
  max: extreme,
  min: extreme,
  argmax: extreme,
  argmin: extreme,
  logsumexp: { special: true },
  softmax: { special: true },
  logSoftmax: { special: true },
  crossEntropy: classes,
  crossEntropyBackward: { ...classes, values: { ...classes.values, logSum } },
  layerNorm: { scalars: { eps: [1e-3, 0.1] } },
  conv2d: convolutions,
  conv2dInput: convolutions,
  conv2dWeight: convolutions,
  maxPool2d: { dims: pools, special: true },
  maxPool2dBackward: { dims: pools, values: { at: position } },
  avgPool2d: { dims: pools, special: true },
  avgPool2dBackward: { dims: pools, special: true },
  rmsNorm: { scalars: { eps: [1e-3, 0.1] } },
  attention: { scalars: { scale: [0.5, 1, 0.3] } },
  attentionBackward: { scalars: { scale: [0.5, 0.3] } },
  packedAttention: { scalars: { scale: [0.5, 1, 0.3] } },
  packedAttentionBackward: { scalars: { scale: [0.5, 0.3] } },
  lstm: recurrent,
  lstmBackward: recurrent,
  gru: recurrent,
  gruBackward: recurrent,
  fill: { scalars: { value: [0, 1, -3.75, 2.5, 1e10, -1e10, Number.NaN, Number.NEGATIVE_INFINITY, 0.1] } },
  arange: { scalars: { start: [0, -5, 0.5, 1e6, 250], step: [1, 3, 0.1, -0.7] } },
  linspace: { scalars: { start: [0, -5, 0.3], end: [1, 250, -0.7] } },
  stridedRead: { dims: [...strided, [3, 0, 4, 1], [2, 1, 5, 1]] },
  stridedWrite: { dims: strided.filter(dims => dims[1] !== 0) },
  rowLists: lookups,
  take: lookups,
  takeBackward: lookups,
  gather: lookups,
  gatherBackward: lookups,
  uniform: { scalars: { low: [0, -2, 0.1], high: [1, 3, 0.3] }, values: { state: word } },
  normal: { scalars: { mean: [0, 10], std: [1, 0.5, 3] }, values: { state: word } },
  ...optimizers,
  dropoutMask: { scalars: { p: [0.5, 0.1, 0, 1, 1e-12] }, values: { state: word } },
}
