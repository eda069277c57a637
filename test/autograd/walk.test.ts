// How a walk adds gradients up: in place where it may, in new memory where somebody else reads, in any order of shapes.

import { describe, expect, test } from 'vitest'
import { defineOp, grad, Tensor, tensor } from '../../lib/index.js'
import { kernelCalls } from '../support/kernel-calls.js'

/** A leaf of as many elements as no array in the engine's heap has. */
const leaf = (n = 20): Tensor => new Tensor(Float32Array.from({ length: n }, (_, i) => i + 1))

describe('the memory of sums', () => {
  test('the first sum of two gradients is made, later ones are added in place', () => {
    const x = leaf()
    const total = Array.from({ length: 10 }, (_, i) => x.mul(i)).reduce((a, b) => a.add(b))
    const adds = kernelCalls(() => total.backward()).filter(({ kernel }) => kernel === 'add')
    expect(adds.map(({ inPlace }) => inPlace)).toEqual([false, ...new Array<boolean>(8).fill(true)])
    expect(x.grad?.data[0]).toBe(45)
  })

  test('none is in place with createGraph: each sum is a value of the new graph', () => {
    const x = leaf()
    const total = Array.from({ length: 4 }, () => x.mul(x)).reduce((a, b) => a.add(b))
    let g: Tensor | undefined
    const calls = kernelCalls(() => {
      g = grad(total.sum(), x, { createGraph: true })
    })
    expect(calls.filter(({ kernel, inPlace }) => kernel === 'add' && inPlace)).toEqual([])
    expect(grad((g as Tensor).sum(), x).toArray()).toEqual(new Array<number>(20).fill(8))
  })

  test('a gradient that the walk made is handed over, one that others have is copied', () => {
    const copies = (fn: () => void): number => kernelCalls(fn).filter(({ kernel }) => kernel === 'copy').length
    const [a, b, c] = [leaf(), leaf(), leaf()]
    const made = a.mul(c.detach())
    expect(copies(() => made.backward())).toBe(0)
    const shared = a.add(b).mul(c)
    for (const x of [a, b, c]) x.zeroGrad()
    expect(copies(() => shared.backward())).toBe(1)
    // The gradient given is copied once, and then for each leaf: it is not the walk's own.
    const plain = b.add(c)
    for (const x of [b, c]) x.zeroGrad()
    expect(copies(() => plain.backward(leaf().detach()))).toBe(3)
  })
})

describe('sums of other shapes', () => {
  test('a larger gradient than those before it', () => {
    const x = new Tensor([
      [1, 2, 3],
      [4, 5, 6],
    ])
    const y = x.mul(1)
    // Two that repeat along an axis arrive first, then one of y's shape.
    const whole = y.mul(y).sum()
    whole
      .add(y.sum(0).sum())
      .add(y.sum(0).mul([10, 20, 30]).sum())
      .backward()
    expect(x.grad?.toArray()).toEqual([
      [13, 25, 37],
      [19, 31, 43],
    ])
  })

  test('a smaller one than the sum so far', () => {
    const x = new Tensor([
      [1, 2],
      [3, 4],
    ])
    const y = x.mul(1)
    y.sum().add(y.mul(2).sum()).add(y.mul(y).sum()).backward()
    expect(x.grad?.toArray()).toEqual([
      [5, 7],
      [9, 11],
    ])
  })
})

describe('what arrives', () => {
  test('no gradient for an input to which an op gives none', () => {
    const [x, w] = [new Tensor([1, 2]), new Tensor([3, 4])]
    const first = defineOp({
      name: 'first',
      forward: ([a, b]) => a.mul(b),
      vjp: (g, { inputs: [, b] }) => [g.mul(b), null],
    })
    first([x.mul(1), w.mul(1)])
      .sum()
      .backward()
    expect(x.grad?.toArray()).toEqual([3, 4])
    expect(w.grad).toBeNull()
  })

  test('a leaf that was frozen and thawed between its uses gets both shares of fresh gradients', () => {
    const [x, w] = [new Tensor([1, 5]), new Tensor([2, 6])]
    const before = x.add(w)
    x.requiresGrad = false
    x.requiresGrad = true
    before.add(x).add(w).mul([10, 20]).backward()
    expect([x.grad, w.grad].map(g => g?.toArray())).toEqual([
      [20, 40],
      [20, 40],
    ])
    expect(x.grad?.storage).not.toBe(w.grad?.storage)
  })

  test('a gradient that is added to is changed in place: a graph that saved it says so', () => {
    const x = new Tensor([1, 2])
    x.sum().backward()
    const g = x.grad as Tensor
    const y = new Tensor([3, 4]).mul(g).sum()
    g.assign([1, 1])
    x.mul(2).sum().backward()
    expect(() => y.backward()).toThrow('mul: a value saved for backward was changed in place')
    expect(g.toArray()).toEqual([3, 3])
  })

  test('the gradient to start from is checked and converted', () => {
    const x = new Tensor([1, 2])
    x.backward(tensor([3, 4], { dtype: 'float64' }))
    expect(x.grad?.dtype).toBe('float32')
    expect(x.grad?.toArray()).toEqual([3, 4])
    x.backward(tensor([[1]]).sum())
    expect(x.grad?.toArray()).toEqual([4, 5])
    expect(() => x.backward([[1, 2]])).toThrow('backward: expected a gradient of shape [2], got [1, 2]')
  })
})
