// Gradients at points where a formula has no value though the function has one: with and without createGraph they are the
// same, and PyTorch's.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { getBackend, grad, nn, ones, setBackend, type Tensor, tensor, zeros } from '../../lib/index.js'
import { backendsUnderTest } from '../support/backends.js'

const F = nn.functional
type Numbers = (number | null)[]

/** The first derivatives of Σ fn(x), without and with createGraph, and the second. */
function derivatives(fn: (x: Tensor) => Tensor, values: readonly number[]): [Numbers, Numbers, Numbers] {
  const x = tensor([...values], { dtype: 'float64', requiresGrad: true })
  const [plain] = grad(fn(x).sum(), [x])
  const [first] = grad(fn(x).sum(), [x], { createGraph: true })
  const [second] = grad(first.sum(), [x])
  return [plain, first, second].map(t => t.toArray()) as [Numbers, Numbers, Numbers]
}

describe.each(backendsUnderTest)('corners of gradients, %s backend', backend => {
  const before = getBackend()
  beforeAll(() => setBackend(backend))
  afterAll(() => setBackend(before))

  test('gelu at 0', () => {
    const [plain, first, second] = derivatives(x => F.gelu(x), [0, -0, 1])
    expect(plain[0]).toBeCloseTo(0.5, 14)
    expect(first).toEqual(plain)
    expect(second[0]).toBeCloseTo(0.7978845608028654, 14)
    expect(second[1]).toBeCloseTo(0.7978845608028654, 14)
    expect(second[2]).toBeCloseTo(0.24197072451914337, 14)
  })

  test('relu at NaN and 0', () => {
    const x = tensor([Number.NaN, 0, 1, -1], { dtype: 'float64', requiresGrad: true })
    const [plain] = grad(x.relu().sum(), [x])
    const [first] = grad(x.relu().sum(), [x], { createGraph: true })
    expect(plain.toArray()).toEqual([1, 0, 1, 0])
    expect(first.toArray()).toEqual([1, 0, 1, 0])
  })

  test('crossEntropy where all targets are ignored', () => {
    const ids = tensor(new Int32Array([-100, -100]))
    const x = tensor([1, 2, 3, 4, 5, 6], { requiresGrad: true })
    const loss = (): Tensor => F.crossEntropy(x.reshape([2, 3]), ids)
    const [plain] = grad(loss(), [x])
    const [first] = grad(loss(), [x], { createGraph: true })
    expect(loss().item()).toBeNaN()
    for (const g of [plain, first]) expect(g.toArray()).toEqual([0, 0, 0, 0, 0, 0])
    const [second] = grad(first.sum(), [x])
    expect(second.toArray()).toEqual([0, 0, 0, 0, 0, 0])
  })

  test('a product without an inner axis is zeros', () => {
    expect(
      zeros([2, 3, 0])
        .matmul(zeros([0, 4]))
        .toArray(),
    ).toEqual(zeros([2, 3, 4]).toArray())
    expect(zeros([2, 0, 3]).matmul(ones([3, 4])).shape).toEqual([2, 0, 4])
    expect(ones([0, 2, 3]).matmul(ones([3, 4])).shape).toEqual([0, 2, 4])
    const a = zeros([2, 3, 0], { requiresGrad: true })
    const b = zeros([0, 4], { requiresGrad: true })
    a.matmul(b).sum().backward()
    expect([a.grad?.shape, b.grad?.shape]).toEqual([
      [2, 3, 0],
      [0, 4],
    ])
  })

  // PyTorch's power of a half is the square root, in gradients too.
  test.each([
    [1.5, [Number.NaN, Infinity, 0]],
    [0.5, [0, 0, Infinity]],
    [-0.5, [0, 0, -Infinity]],
    [2.5, [Infinity, Infinity, 0]],
  ])('pow(%f) at −∞, ∞ and 0', (exponent, expected) => {
    const x = tensor([-Infinity, Infinity, 0], { requiresGrad: true })
    const [g] = grad(x.pow(exponent).sum(), [x])
    // −0 + 0 is 0.
    expect((g.toArray() as number[]).map(value => value + 0)).toEqual(expected)
  })

  test('in ceil mode one window may be larger than the image', () => {
    const x = tensor(
      [
        [
          [
            [1, 2],
            [3, 6],
          ],
        ],
      ],
      { requiresGrad: true },
    )
    const options = { kernelSize: 3, ceilMode: true }
    expect(F.maxPool2d(x, options).toArray()).toEqual([[[[6]]]])
    expect(F.avgPool2d(x, options).toArray()).toEqual([[[[3]]]])
    F.avgPool2d(x, options).sum().backward()
    expect(x.grad?.toArray()).toEqual([
      [
        [
          [0.25, 0.25],
          [0.25, 0.25],
        ],
      ],
    ])
    expect(() => F.maxPool2d(x, { kernelSize: 3 })).toThrow(/room for the window/)
    expect(() => F.maxPool2d(x, { kernelSize: 5, stride: 1, ceilMode: true })).toThrow(/room for the window/)
  })

  test('huberLoss where prediction equals target', () => {
    const target = tensor([1, 1, 1, 1], { dtype: 'float64' })
    const loss = (x: Tensor): Tensor => F.huberLoss(x, target, { reduction: 'sum' })
    expect(derivatives(loss, [1, 1.5, 4, -4])).toEqual([
      [0, 0.5, 1, -1],
      [0, 0.5, 1, -1],
      [1, 1, 0, 0],
    ])
    const x = tensor([Infinity, -Infinity], { dtype: 'float64', requiresGrad: true })
    const [g] = grad(F.huberLoss(x, tensor([0, 0], { dtype: 'float64' }), { reduction: 'sum' }), [x])
    expect(g.toArray()).toEqual([1, -1])
  })

  test('batchNorm of a constant channel without eps', () => {
    const x = tensor(
      [
        [1, 2],
        [1, 4],
        [1, 6],
      ],
      { requiresGrad: true },
    )
    const layer = new nn.BatchNorm1d(2, { eps: 0 })
    const out = layer.forward(x)
    const root = Math.fround(Math.sqrt(1.5))
    expect(out.toArray()).toEqual([
      [0, expect.closeTo(-root, 6)],
      [0, 0],
      [0, expect.closeTo(root, 6)],
    ])
    for (const createGraph of [false, true]) {
      const [g, w] = grad(layer.forward(x).pow(2).sum(), [x, layer.weight as Tensor], { createGraph })
      expect([...g.data].every(Number.isFinite)).toBe(true)
      expect([...g.data].filter((_, i) => i % 2 === 0)).toEqual([0, 0, 0])
      expect(w.toArray()).toEqual([0, expect.closeTo(6, 5)])
    }
  })

  test('batchNorm of an empty batch', () => {
    const layer = new nn.BatchNorm1d(3)
    const x = zeros([0, 3], { requiresGrad: true })
    const out = layer.forward(x)
    const [gx, gw, gb] = grad(out.sum(), [x, layer.weight as Tensor, layer.bias as Tensor])
    expect([out.shape, gx.shape]).toEqual([
      [0, 3],
      [0, 3],
    ])
    expect([gw.toArray(), gb.toArray()]).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ])
  })

  test('pow(0) has a gradient of zeros everywhere', () => {
    const zero = [0, 0, 0, 0]
    expect(derivatives(x => x.pow(0), [Number.NaN, Infinity, -Infinity, 0])).toEqual([zero, zero, zero])
  })
})
