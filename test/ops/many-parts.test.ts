// The backward of many tensors that were joined: its work grows with the elements, not with their square.

import { expect, test } from 'vitest'
import { parseSignature } from '../../lib/backend/signature.js'
import { type Backend, kernelNames, kernels } from '../../lib/backend/table.js'
import { context } from '../../lib/core/context.js'
import { concat, stack, Tensor } from '../../lib/index.js'

/** How many elements the kernels write that `fn` runs. */
function written(fn: () => void): number {
  const before = context.active
  let total = 0
  const counting: Record<string, unknown> = {}
  for (const name of kernelNames) {
    const outs = parseSignature(kernels[name].signature).args.map(({ role }) => role === 'out' || role === 'inout')
    const run = before.kernels[name] as (...args: unknown[]) => unknown
    counting[name] = (...args: unknown[]) => {
      for (const [i, isOut] of outs.entries()) if (isOut) total += (args[i] as Float32Array).length
      return run(...args)
    }
  }
  context.active = { ...before, kernels: counting as unknown as Backend }
  try {
    fn()
  } finally {
    context.active = before
  }
  return total
}

const partsOf = (count: number): Tensor[] => Array.from({ length: count }, (_, i) => new Tensor([i, 2, 3]))

test.each([
  ['concat, the same gradient everywhere', (parts: Tensor[]) => concat(parts).sum()],
  ['concat, a gradient of its own for each element', (parts: Tensor[]) => concat(parts).pow(2).sum()],
  ['stack', (parts: Tensor[]) => stack(parts, 1).sum()],
])('%s', (_, join) => {
  const cost = (count: number): number => {
    const parts = partsOf(count)
    const total = join(parts)
    const elements = written(() => total.backward())
    expect(parts[count - 1].grad?.shape).toEqual([3])
    return elements
  }
  expect(cost(400)).toBeLessThan(4.5 * cost(100))
})

test('parts of several lengths have their own elements of the gradient', () => {
  const parts = [
    new Tensor([[1], [2]]),
    new Tensor([[], []]),
    new Tensor([
      [3, 4],
      [5, 6],
    ]),
  ]
  const weights = new Tensor(
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
    { requiresGrad: false },
  )
  concat(parts, 1).mul(weights).sum().backward()
  expect(parts.map(({ grad }) => grad?.toArray())).toEqual([
    [[1], [4]],
    [[], []],
    [
      [2, 3],
      [5, 6],
    ],
  ])
})
