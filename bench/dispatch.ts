// What an eager op costs around its kernel: small tensors, with and without gradients noted, on both backends.

import { randn, type Tensor } from 'blasgrad'
import { backendNames, on } from './support/backends.js'
import { spread, time, times, timesFaster } from './support/format.js'
import type { Group } from './support/group.js'
import { printTable } from './support/table.js'
import { compare, type Figure, patient } from './support/timing.js'

const sizes = [4, 256, 4096]

/** What is run, on two tensors with or without a gradient. The gradients of the last run are dropped first. */
const expressions = [
  { name: 'a.mul(b)', requiresGrad: false, run: (a: Tensor, b: Tensor) => void a.mul(b) },
  { name: 'a.mul(b), gradient noted', requiresGrad: true, run: (a: Tensor, b: Tensor) => void a.mul(b) },
  {
    name: 'a.mul(b).sum().backward()',
    requiresGrad: true,
    run: (a: Tensor, b: Tensor) => {
      a.zeroGrad()
      b.zeroGrad()
      a.mul(b).sum().backward()
    },
  },
]

interface DispatchResult {
  readonly expression: string
  readonly elements: number
  readonly native: Figure
  readonly reference: Figure
  readonly faster: number
}

export const dispatchBench: Group = ({ plan: given }) => {
  const plan = patient(given)
  const results: DispatchResult[] = []
  const { floor } = compare([{ name: 'floor', run: () => {} }], plan)
  for (const { name, requiresGrad, run } of expressions) {
    for (const elements of sizes) {
      const [a, b] = [randn([elements], { requiresGrad }), randn([elements], { requiresGrad })]
      const figures = compare(
        backendNames.map(backend => on(backend, () => run(a, b))),
        plan,
      )
      const faster = timesFaster(figures.native, figures.reference)
      results.push({ expression: name, elements, ...figures, faster })
    }
  }
  printTable(
    `dispatch: eager ops, a call (floor: an empty function, ${time(floor.median)})`,
    ['expression', 'elements', 'native', 'spread', 'reference', 'spread', 'faster', ''],
    results.map(({ expression, elements, native, reference, faster }) => [
      expression,
      elements.toLocaleString('en'),
      time(native.median),
      spread(native),
      time(reference.median),
      spread(reference),
      times(faster),
      faster < 1 ? 'slower' : '',
    ]),
  )
  return [{ expression: 'empty function', floor }, ...results]
}
