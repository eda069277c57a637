// The graph: diamonds, reuse, depth, accumulation, gradients as values, and what must not be done.

import { describe, expect, test } from 'vitest'
import { defineOp, grad, noGrad, optim, Tensor, tensor } from '../../lib/index.js'

const square = (x: Tensor): Tensor => x.mul(x)

describe('backward', () => {
  test('a diamond adds up both ways', () => {
    const x = new Tensor([2, 3])
    const y = x.mul(3)
    y.mul(y).add(y).sum().backward()
    // d(9x² + 3x) = 18x + 3
    expect(x.grad?.toArray()).toEqual([39, 57])
  })

  test('a value used many times gets each share', () => {
    const x = new Tensor(2)
    let y = x
    for (let i = 0; i < 5; i++) y = y.add(x)
    y.backward()
    expect(x.grad?.item()).toBe(6)
  })

  test('a chain of 200,000 ops does not overflow the stack', () => {
    const x = new Tensor([1, 2])
    let y: Tensor = x
    for (let i = 0; i < 200_000; i++) y = y.add(1)
    y.backward()
    expect(x.grad?.toArray()).toEqual([1, 1])
    expect(`${y}`).toContain('200001')
  })

  test('many branches into one sum add up in place without touching what is shared', () => {
    const x = new Tensor([1, 2, 3])
    const parts = Array.from({ length: 50 }, (_, i) => x.mul(i))
    parts
      .reduce((a, b) => a.add(b))
      .sum()
      .backward()
    expect(x.grad?.toArray()).toEqual([1225, 1225, 1225])
  })

  test('a walk within a walk, over the same nodes in another order, leaves the outer one alone', () => {
    const x = new Tensor(2)
    const [a, b] = [x.mul(3), x.mul(5)]
    let other = b.mul(7).mul(a)
    const meddling = defineOp({
      name: 'meddling',
      forward: ([t]) => t.mul(1),
      vjp: g => {
        // d(105x²) = 210x
        expect(grad(other, x, { retainGraph: true }).item()).toBe(420)
        return [g]
      },
    })
    const y = meddling([a.mul(b)])
      .add(a)
      .add(b)
    other = other.mul(1)
    y.backward()
    // d(15x² + 8x) = 30x + 8
    expect(x.grad?.item()).toBe(68)
  })

  test('seeds ones for a result of any shape; or broadcasts the gradient given', () => {
    const x = new Tensor([
      [1, 2],
      [3, 4],
    ])
    square(x).backward()
    expect(x.grad?.toArray()).toEqual([
      [2, 4],
      [6, 8],
    ])
    x.zeroGrad()
    square(x).backward([1, 10])
    expect(x.grad?.toArray()).toEqual([
      [2, 40],
      [6, 80],
    ])
    expect(() => square(x).backward([1, 2, 3])).toThrow('backward: expected a gradient of shape [2, 2], got [3]')
  })

  test('leaf gradients accumulate over calls, into the same tensor', () => {
    const x = new Tensor([1, 2])
    x.sum().backward()
    const first = x.grad
    square(x).sum().backward()
    expect(x.grad).toBe(first)
    expect(x.grad?.toArray()).toEqual([3, 5])
    x.zeroGrad()
    expect(x.grad).toBeNull()
  })

  test('leaves that were handed the same gradient do not share it', () => {
    const [a, b] = [new Tensor([1, 2]), new Tensor([3, 4])]
    const upstream = tensor([5, 6])
    a.add(b).backward(upstream)
    a.mul(10).sum().backward()
    expect(a.grad?.toArray()).toEqual([15, 16])
    expect(b.grad?.toArray()).toEqual([5, 6])
    expect(upstream.toArray()).toEqual([5, 6])
  })

  test('a gradient that only repeats is laid out where a leaf needs it', () => {
    const x = new Tensor([
      [1, 2, 3],
      [4, 5, 6],
    ])
    x.sum(1, { keepdims: true }).mean().backward()
    expect(x.grad?.shape).toEqual([2, 3])
    expect(x.grad?.toArray()).toEqual([
      [0.5, 0.5, 0.5],
      [0.5, 0.5, 0.5],
    ])
  })

  test('a leaf is its own result', () => {
    const x = new Tensor([1, 2])
    x.backward()
    x.backward()
    expect(x.grad?.toArray()).toEqual([2, 2])
  })

  test('retainGrad keeps an intermediate gradient, plain ones have none', () => {
    const x = new Tensor([1, 2])
    const y = x.mul(2).retainGrad()
    const z = y.mul(3)
    z.sum().backward()
    expect(y.grad?.toArray()).toEqual([3, 3])
    expect(z.grad).toBeNull()
    expect(() => tensor([1]).retainGrad()).toThrow('retainGrad')
  })

  test('what needs no gradient gets none', () => {
    const [x, frozen] = [new Tensor([1, 2]), new Tensor([3, 4], { requiresGrad: false })]
    x.mul(frozen).sum().backward()
    expect(frozen.grad).toBeNull()
    expect(x.detach().mul(2).requiresGrad).toBe(false)
    expect(() => tensor([1]).mul(2).backward()).toThrow('backward: the tensor does not require a gradient')
  })
})

describe('what must not be done', () => {
  test('walking a graph twice', () => {
    const y = square(new Tensor([1, 2])).sum()
    y.backward()
    expect(() => y.backward()).toThrow('backward: the graph was walked before; pass retainGraph: true the first time')
  })

  test('retainGraph allows it', () => {
    const x = new Tensor([1, 2])
    const y = square(x).sum()
    y.backward(null, { retainGraph: true })
    y.backward()
    expect(x.grad?.toArray()).toEqual([4, 8])
  })

  test.each<[string, (x: Tensor) => void]>([
    ['assign', x => x.assign([7, 8])],
    [
      'data =',
      x => {
        x.data = [7, 8]
      },
    ],
    [
      'an optimizer',
      x => {
        x.grad = tensor([1, 1])
        new optim.SGD([x], { lr: 1 }).step()
      },
    ],
  ])('%s after the value was saved', (_, change) => {
    const x = new Tensor([1, 2])
    const y = x.mul(x).sum()
    change(x)
    expect(() => y.backward()).toThrow(/^backward: mul: a value saved for backward was changed in place/)
  })

  test('changing a value that no gradient reads is fine', () => {
    const x = new Tensor([1, 2])
    const y = x.add(1).sum()
    x.assign([7, 8])
    y.backward()
    expect(x.grad?.toArray()).toEqual([1, 1])
  })

  test('a saved result may not change either, through whatever shares its storage', () => {
    const y = new Tensor([1, 2]).exp()
    const z = y.sum()
    y.detach().assign([0, 0])
    expect(() => z.backward()).toThrow('exp: a value saved for backward was changed in place')
  })
})

describe('noGrad', () => {
  test('notes nothing, nests, and ends with an error inside', () => {
    const x = new Tensor([1, 2])
    expect(noGrad(() => x.mul(2)).requiresGrad).toBe(false)
    expect(() =>
      noGrad(() => {
        throw new Error('inside')
      }),
    ).toThrow('inside')
    expect(x.mul(2).requiresGrad).toBe(true)
  })

  test('refuses a promise', () => {
    expect(() => noGrad(async () => 1)).toThrow('noGrad: expected a synchronous function')
    expect(new Tensor([1]).mul(2).requiresGrad).toBe(true)
  })
})

describe('grad', () => {
  test('gives values and leaves .grad alone', () => {
    const [x, y] = [new Tensor([1, 2]), new Tensor([3, 4])]
    const [gx, gy] = grad(x.mul(y).sum(), [x, y])
    expect(gx.toArray()).toEqual([3, 4])
    expect(gy.toArray()).toEqual([1, 2])
    expect(x.grad).toBeNull()
    expect(gx.requiresGrad).toBe(false)
  })

  test('gradients of gradients, to the third order', () => {
    const x = new Tensor([2])
    const first = grad(x.pow(4).sum(), x, { createGraph: true })
    const second = grad(first.sum(), x, { createGraph: true })
    const third = grad(second.sum(), x)
    expect([first, second, third].map(g => g.item())).toEqual([32, 48, 48])
  })

  test('with respect to an intermediate value', () => {
    const x = new Tensor([1, 2])
    const y = x.mul(2)
    expect(grad(square(y).sum(), y).toArray()).toEqual([4, 8])
  })

  test('an input outside the graph is an error, or null', () => {
    const [x, other] = [new Tensor([1]), new Tensor([1])]
    expect(() => grad(x.sum(), other)).toThrow('grad: input 0 of shape [1] is not part of')
    expect(grad(x.mul(1).sum(), [x, other], { allowUnused: true })[1]).toBeNull()
  })

  test('a gradient penalty trains', () => {
    const w = new Tensor([1, -2])
    const x = new Tensor([
      [1, 2],
      [3, 4],
    ])
    const g = grad(x.mul(w).tanh().sum(), x, { createGraph: true })
    square(g).sum().backward()
    expect(w.grad?.shape).toEqual([2])
    expect(w.grad?.data.every(Number.isFinite)).toBe(true)
  })
})

describe('what a walk may not touch', () => {
  test('a gradient given is not added to, even where it is the .grad of a leaf', () => {
    const [x, w] = [new Tensor([1, 2]), new Tensor([3, 4])]
    x.grad = tensor([1, 10])
    x.add(w).backward(x.grad)
    expect(x.grad.toArray()).toEqual([2, 20])
    expect(w.grad?.toArray()).toEqual([1, 10])
  })

  test('gradients of intermediate values add up over walks, as those of leaves', () => {
    const x = new Tensor([1, 2])
    const y = x.mul(2).retainGrad()
    const z = y.mul(y).sum()
    z.backward(null, { retainGraph: true })
    z.backward()
    expect(y.grad?.toArray()).toEqual([8, 16])
    expect(x.grad?.toArray()).toEqual([16, 32])
  })

  test('a leaf that was frozen and thawed between its uses gets both shares', () => {
    const [x, w] = [new Tensor([1]), new Tensor([1])]
    const before = x.add(w)
    x.requiresGrad = false
    x.requiresGrad = true
    before.add(x).add(w).backward()
    expect([x.grad?.item(), w.grad?.item()]).toEqual([2, 2])
  })
})
