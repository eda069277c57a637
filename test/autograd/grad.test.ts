// grad: which nodes it walks, what it returns, and what it refuses.

import { describe, expect, test } from 'vitest'
import { defineOp, grad, isGradEnabled, noGrad, Tensor, tensor } from '../../lib/index.js'

/** x doubled, and a count of how often its gradient was requested. */
function counting() {
  const count = { asked: 0 }
  const double = defineOp({
    name: 'double',
    forward: ([x]) => x.mul(2),
    vjp: g => {
      count.asked++
      return [g.mul(2)]
    },
  })
  return { count, double: (x: Tensor): Tensor => double([x]) }
}

describe('what is walked', () => {
  test('only what leads to an input', () => {
    const [x, w] = [new Tensor([1, 2]), new Tensor([3, 4])]
    const [toInput, beside] = [counting(), counting()]
    const y = toInput
      .double(x)
      .mul(beside.double(w.mul(1)))
      .sum()
    expect(grad(y, x, { retainGraph: true }).toArray()).toEqual([12, 16])
    expect([toInput.count.asked, beside.count.asked]).toEqual([1, 0])
    expect(grad(y, w, { retainGraph: true }).toArray()).toEqual([4, 8])
    expect([toInput.count.asked, beside.count.asked]).toEqual([1, 1])
    grad(y, [x, w])
    expect([toInput.count.asked, beside.count.asked]).toEqual([2, 2])
  })

  test('nothing beyond an input, but for another input', () => {
    const x = new Tensor([1, 2])
    const { count, double } = counting()
    const y = double(x)
    const z = y.mul(y).sum()
    expect(grad(z, y, { retainGraph: true }).toArray()).toEqual([4, 8])
    expect(count.asked).toBe(0)
    const [gx, gy] = grad(z, [x, y])
    expect([gx.toArray(), gy.toArray()]).toEqual([
      [8, 16],
      [4, 8],
    ])
    expect(count.asked).toBe(1)
  })
})

describe('what is returned', () => {
  test('values of their own, also for an input requested twice, or the output itself', () => {
    const x = new Tensor([1, 2])
    const y = x.add(tensor([1, 1]))
    const start = tensor([5, 6])
    const all = grad(y, [x, x, y], { gradient: start })
    for (const g of all) {
      expect(g.toArray()).toEqual([5, 6])
      expect(g.requiresGrad).toBe(false)
    }
    expect(new Set([start, ...all].map(({ storage }) => storage)).size).toBe(4)
    all[0].assign([0, 0])
    expect([start, ...all].map(g => g.toArray())).toEqual([
      [5, 6],
      [0, 0],
      [5, 6],
      [5, 6],
    ])
  })

  test('one for an input, a list for a list', () => {
    const x = new Tensor([1, 2])
    expect(grad(x.sum(), x)).toBeInstanceOf(Tensor)
    expect(grad(x.sum(), [x])).toBeInstanceOf(Array)
    expect(grad(x.sum(), [])).toEqual([])
  })

  test('the graph of the gradients with createGraph alone, which keeps the graph too', () => {
    const x = new Tensor([2])
    const y = x.pow(3).sum()
    const first = grad(y, x, { createGraph: true })
    expect(first.requiresGrad).toBe(true)
    expect(grad(first.sum(), x, { retainGraph: true }).item()).toBe(12)
    expect(grad(y, x).item()).toBe(12)
    expect(() => grad(y, x)).toThrow('the graph was walked before')
    const once = x.pow(3).sum()
    grad(once, x, { createGraph: true, retainGraph: false })
    expect(() => grad(once, x)).toThrow('the graph was walked before')
  })

  test('modes are as before, after an error too', () => {
    const x = new Tensor([1])
    const seen: boolean[] = []
    const looking = defineOp({
      name: 'looking',
      forward: ([t]) => t.mul(1),
      vjp: g => {
        seen.push(isGradEnabled())
        return [g]
      },
    })
    const y = looking([x]).sum()
    grad(y, x, { retainGraph: true })
    grad(y, x, { createGraph: true })
    y.backward()
    noGrad(() => expect(() => grad(y, x, { createGraph: true })).toThrow('walked before'))
    expect(seen).toEqual([false, true, false])
    expect(isGradEnabled()).toBe(true)
  })
})

describe('what is refused', () => {
  const x = new Tensor([1, 2])
  test.each<[string, () => unknown, string]>([
    ['an output', () => grad(3 as never, x), 'grad: expected a Tensor as output, got 3'],
    ['inputs', () => grad(x.sum(), 3 as never), 'grad: expected a Tensor or a list of them as inputs, got 3'],
    ['an input of a list', () => grad(x.sum(), [x, 3] as never), 'grad: expected a Tensor or a list of them'],
    ['an option', () => grad(x.sum(), x, { create: true } as never), 'grad: expected options'],
    ['a flag', () => grad(x.sum(), x, { createGraph: 1 } as never), 'createGraph'],
    ['a flag of backward too', () => grad(x.sum(), x, { retainGraph: 1 } as never), 'retainGraph'],
    ['another flag', () => grad(x.sum(), x, { allowUnused: 1 } as never), 'allowUnused'],
    ['an output outside the graph', () => grad(tensor([1]), x), 'grad: the tensor does not require a gradient'],
    ['an input outside', () => grad(x.sum(), [x, tensor([1])]), 'grad: input 1 of shape [1] is not part of'],
    ['a gradient', () => grad(x, x, { gradient: [1, 2, 3] }), 'grad: expected a gradient of shape [2], got [3]'],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(message)
  })

  test('null for what is outside, where that is requested', () => {
    expect(grad(x.sum(), [tensor([1]), x], { allowUnused: true })[0]).toBeNull()
    expect(() => grad(x.sum(), [tensor([1]), x], { allowUnused: false })).toThrow('input 0')
  })
})
