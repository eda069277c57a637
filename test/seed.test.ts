// The small Python engine that this one grew from: programs written for it run here, spelled as JavaScript. Numbers were
// worked with NumPy in float64 (softmax, cross-entropy and their gradients by the textbook formulas).

import { describe, expect, test } from 'vitest'
import { Tensor, tensor } from '../lib/index.js'
import { expectClose } from './support/close.js'

const close = (actual: Tensor | null | undefined, expected: number[]): void =>
  expectClose(actual?.data ?? [], expected, { relative: 1e-5, absolute: 1e-6 }, 'values')

describe('a leaf', () => {
  test('the constructor wants a gradient, the factory does not', () => {
    expect(new Tensor([1, 2]).requiresGrad).toBe(true)
    expect(tensor([1, 2]).requiresGrad).toBe(false)
  })

  test('.data is live and writable', () => {
    const t = new Tensor([1, 2, 3])
    t.data[1] = 20
    expect(t.toArray()).toEqual([1, 20, 3])
    t.data = [4, 5, 6]
    expect(t.mul(2).toArray()).toEqual([8, 10, 12])
  })
})

describe('arithmetic with tensors, numbers and arrays', () => {
  test('+ * - / ** with gradients', () => {
    const a = new Tensor([1, 2, 4])
    const b = new Tensor([2, 3, 5])
    a.add(b).mul(2).sub([1, 1, 1]).div(b).add(a.neg()).add(a.pow(2)).sum().backward()
    // d/da (2(a+b) − 1)/b − a + a² = 2/b − 1 + 2a; d/db = 2/b − (2(a+b) − 1)/b²
    close(a.grad, [2, 11 / 3, 7.4])
    close(b.grad, [1 - 5 / 4, 2 / 3 - 1, 0.4 - 17 / 25])
  })

  test('gradients are summed over broadcast axes, which the seed got wrong', () => {
    const w = new Tensor([1, 2, 3])
    const x = new Tensor([
      [1, 2, 3],
      [4, 5, 6],
    ])
    x.mul(w).add(w).sum().backward()
    expect(w.grad?.toArray()).toEqual([7, 9, 11])
    expect(x.grad?.toArray()).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ])
  })

  test('powers are right at 0, 1, 2 and at x = 0', () => {
    const gradientOf = (exponent: number): unknown => {
      const x = new Tensor([0, 3])
      x.pow(exponent).sum().backward()
      return x.grad?.toArray()
    }
    expect([0, 1, 2].map(gradientOf)).toEqual([
      [0, 0],
      [1, 1],
      [0, 6],
    ])
    expect(new Tensor([0, 3]).pow(0).toArray()).toEqual([1, 1])
  })

  test('relu: gradient 0 at 0, NaN stays NaN', () => {
    const x = new Tensor([-1, 0, 2, Number.NaN])
    const y = x.relu()
    expect(y.toArray()).toEqual([0, 0, 2, Number.NaN])
    y.slice([0, 3]).sum().backward()
    expect(x.grad?.toArray()).toEqual([0, 0, 1, 0])
  })
})

describe('the pieces of a classifier', () => {
  test('softmax does not overflow', () => {
    expect(new Tensor([1000, 1000]).softmax().toArray()).toEqual([0.5, 0.5])
    expect(new Tensor([1e30, -1e30]).softmax().toArray()).toEqual([1, 0])
    expect(new Tensor([0, Number.NEGATIVE_INFINITY]).softmax().toArray()).toEqual([1, 0])
  })

  test('log and sum(axis)', () => {
    const x = new Tensor([
      [1, Math.E],
      [Math.E ** 2, 1],
    ])
    close(x.log().sum(0), [2, 1])
    close(x.log().sum(1, { keepdims: true }), [1, 2])
  })

  test('cross-entropy is −Σ y·log p, summed', () => {
    const p = new Tensor([
      [0.25, 0.75],
      [0.5, 0.5],
    ])
    const loss = p.crossEntropy([
      [0, 1],
      [1, 0],
    ])
    close(loss, [-Math.log(0.75) - Math.log(0.5)])
    loss.backward()
    close(p.grad, [0, -1 / 0.75, -2, 0])
  })
})

test('a whole training program of the seed, by hand', () => {
  const x = [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ]
  const y = [
    [1, 0],
    [0, 1],
    [0, 1],
    [1, 0],
  ]
  const w1 = new Tensor([
    [0.7, -0.4, 0.9, -0.8, 0.3, 0.5],
    [0.6, 0.8, -0.7, -0.5, -0.9, 0.4],
  ])
  const b1 = new Tensor([0.1, -0.1, 0.05, 0.6, -0.05, 0.1])
  const w2 = new Tensor([
    [0.5, -0.5],
    [-0.3, 0.3],
    [-0.6, 0.6],
    [0.4, -0.4],
    [-0.2, 0.2],
    [0.1, -0.1],
  ])
  const parameters = [w1, b1, w2]
  let first = 0
  let last = 0
  for (let step = 0; step < 800; step++) {
    const loss = tensor(x).matmul(w1).add(b1).relu().matmul(w2).softmax().crossEntropy(y)
    loss.backward()
    for (const w of parameters) {
      for (let i = 0; i < w.size; i++) w.data[i] -= 0.1 * (w.grad?.data[i] ?? 0)
      w.zeroGrad()
    }
    if (step === 0) first = loss.item()
    last = loss.item()
  }
  expect(first).toBeGreaterThan(2)
  expect(last).toBeLessThan(0.1)
})
