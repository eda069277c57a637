// nn.init: the distributions that it draws from.

import { describe, expect, it } from 'vitest'
import { manualSeed, nn, type Tensor, zeros } from '../../lib/index.js'

const { init } = nn

const stats = (t: Tensor) => {
  const values = Array.from(t.data)
  const mean = values.reduce((a, b) => a + b, 0) / values.length
  const std = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length)
  return { mean, std, low: values.reduce((a, b) => Math.min(a, b)), high: values.reduce((a, b) => Math.max(a, b)) }
}

/** Uniform within ±bound, and filling it. */
function expectUniform(t: Tensor, bound: number): void {
  const { mean, std, low, high } = stats(t)
  expect(low).toBeGreaterThanOrEqual(-bound * (1 + 1e-6))
  expect(high).toBeLessThanOrEqual(bound * (1 + 1e-6))
  expect(low).toBeLessThan(-0.95 * bound)
  expect(high).toBeGreaterThan(0.95 * bound)
  expect(Math.abs(mean)).toBeLessThan(0.05 * bound)
  expect(Math.abs(std / (bound / Math.sqrt(3)) - 1)).toBeLessThan(0.05)
}

function expectNormal(t: Tensor, std: number): void {
  const found = stats(t)
  expect(Math.abs(found.mean)).toBeLessThan(0.05 * std)
  expect(Math.abs(found.std / std - 1)).toBeLessThan(0.05)
  expect(found.high).toBeGreaterThan(2.5 * std)
}

describe.each(['float32', 'float64'] as const)('init of %s', dtype => {
  const weight = () => zeros([80, 50], { dtype })

  it('draws what it says', () => {
    manualSeed(3)
    expectUniform(init.uniform(weight(), -2, 2), 2)
    expectNormal(init.normal(weight(), 0, 3), 3)
    expectUniform(init.kaimingUniform(weight()), Math.sqrt(3) * Math.sqrt(2 / 50))
    expectUniform(init.kaimingUniform(weight(), { a: Math.sqrt(5), mode: 'fanOut' }), Math.sqrt(1 / 80))
    expectNormal(init.kaimingNormal(weight(), { nonlinearity: 'relu' }), Math.sqrt(2 / 50))
    expectUniform(init.xavierUniform(weight(), { gain: 2 }), 2 * Math.sqrt(6 / 130))
    expectNormal(init.xavierNormal(weight()), Math.sqrt(2 / 130))
    expectNormal(init.kaimingNormal(zeros([40, 10, 3, 3], { dtype })), Math.sqrt(2 / 90))
  })

  it('fills', () => {
    const t = weight()
    const { version } = t.storage
    expect(stats(init.ones(t))).toMatchObject({ low: 1, high: 1 })
    expect(stats(init.constant(t, -0.5))).toMatchObject({ low: -0.5, high: -0.5 })
    expect(stats(init.zeros(t))).toMatchObject({ low: 0, high: 0 })
    expect(t.storage.version).toBe(version + 3)
  })
})

describe('layers start as in PyTorch', () => {
  it('Linear within ±1/√in, weight and bias', () => {
    manualSeed(4)
    const layer = new nn.Linear(64, 2000)
    expectUniform(layer.weight, 1 / 8)
    expectUniform(layer.bias as Tensor, 1 / 8)
    expect(new nn.Linear(2, 3, { bias: false }).bias).toBe(null)
    expect(new nn.Linear(0, 2).bias?.toArray()).toEqual([0, 0])
  })

  it('Embedding normal, its padding zero; LayerNorm 1 and 0', () => {
    const layer = new nn.Embedding(100, 50, { paddingIdx: -1 })
    expectNormal(layer.weight, 1)
    expect(layer.weight.slice([99]).sum().item()).toBe(0)
    expect(layer.weight.slice([99]).abs().max().item()).toBe(0)
    const norm = new nn.LayerNorm(3)
    expect([norm.weight?.toArray(), norm.bias?.toArray()]).toEqual([
      [1, 1, 1],
      [0, 0, 0],
    ])
    expect(new nn.LayerNorm(3, { bias: false }).bias).toBe(null)
    expect(new nn.LayerNorm(3, { elementwiseAffine: false }).parameters()).toEqual([])
  })

  it('the same for the same seed', () => {
    manualSeed(5)
    const first = new nn.Linear(3, 3)
    const second = new nn.Linear(3, 3)
    manualSeed(5)
    expect(new nn.Linear(3, 3).weight.toArray()).toEqual(first.weight.toArray())
    expect(second.weight.toArray()).not.toEqual(first.weight.toArray())
  })
})

describe('gains and mistakes', () => {
  it('knows the gains', () => {
    expect(init.calculateGain('relu')).toBe(Math.SQRT2)
    expect(init.calculateGain('leakyRelu')).toBeCloseTo(Math.sqrt(2 / 1.0001), 12)
    expect(init.calculateGain('leakyRelu', 0.2)).toBeCloseTo(Math.sqrt(2 / 1.04), 12)
    expect([init.calculateGain('tanh'), init.calculateGain('selu'), init.calculateGain('linear')]).toEqual([
      5 / 3,
      0.75,
      1,
    ])
  })

  it('says what is wrong', () => {
    expect(() => init.kaimingUniform(zeros([3]))).toThrow('kaimingUniform: expected at least two axes, got shape [3]')
    expect(() => init.uniform(zeros([3], { dtype: 'int32' }))).toThrow('uniform: expected a float32 or float64 tensor')
    expect(() => init.uniform(zeros([3]), 2, 1)).toThrow('uniform: expected low to be at most high, got 2 and 1')
    expect(() => init.normal(zeros([3]), 0, -1)).toThrow('normal: expected std to be 0 or more, got -1')
    expect(() => init.calculateGain('swish' as never)).toThrow('calculateGain: expected one of linear, sigmoid')
    expect(() => init.kaimingNormal(zeros([3, 3]), { mode: 'fan_in' as never })).toThrow("'fanIn' or 'fanOut'")
    expect(() => new nn.Linear(2.5, 1)).toThrow('Linear: expected inFeatures to be a whole number, 0 or more, got 2.5')
    expect(() => new nn.Linear(2, 1, { dtype: 'int32' })).toThrow('Linear: expected float32 or float64, got int32')
    expect(() => new nn.Embedding(3, 1, { paddingIdx: 3 })).toThrow('Embedding: expected paddingIdx in [-3, 3), got 3')
  })
})
