// Dropout: how much is dropped and what stays, the same numbers everywhere, the same mask backward.

import { describe, expect, it } from 'vitest'
import { compile, getRandomState, manualSeed, nn, ones, setBackend, setRandomState, Tensor } from '../../lib/index.js'
import { backendsUnderTest, onBackend } from '../support/backends.js'

const { dropout } = nn.functional

/** 1000 elements that a seed leaves of ones. */
const drawn = (p: number): number[] => {
  manualSeed(5)
  return Array.from(dropout(ones([1000]), p).data)
}

describe.each(backendsUnderTest)('dropout on %s', backend => {
  it('drops a share p and scales the rest', () => {
    for (const p of [0.1, 0.5, 0.9]) {
      manualSeed(1)
      const values = onBackend(backend, () => dropout(ones([100_000], { dtype: 'float64' }), p)).data
      const kept = values.filter(value => value !== 0)
      expect(kept.every(value => value === 1 / (1 - p))).toBe(true)
      // Five standard deviations.
      expect(Math.abs(kept.length / 1e5 - (1 - p))).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / 1e5))
    }
  })

  it('sends the gradient back through the same mask', () => {
    onBackend(backend, () => {
      const x = new Tensor([...Array(100).keys()].map(i => i + 1))
      const y = dropout(x, 0.4)
      y.sum().backward()
      const scale = Math.fround(1 / 0.6)
      expect(Array.from(x.grad?.data ?? [])).toEqual(Array.from(y.data, value => (value === 0 ? 0 : scale)))
    })
  })

  it('gives zeros for p = 1, and moves the generator on by a block for four elements', () => {
    onBackend(backend, () => {
      expect(dropout(ones([3]), 1).toArray()).toEqual([0, 0, 0])
      manualSeed(3)
      dropout(ones([9]), 0.5)
      expect([...getRandomState()].slice(2)).toEqual([3, 0])
    })
  })
})

describe('dropout', () => {
  it('draws the same numbers on both backends, eager and compiled', () => {
    const expected = onBackend('reference', () => drawn(0.3))
    for (const name of backendsUnderTest) {
      expect(onBackend(name, () => drawn(0.3))).toEqual(expected)
      setBackend(name)
      manualSeed(5)
      const step = compile((x: Tensor) => dropout(x, 0.3))
      expect(Array.from(step.sync(ones([1000])).data)).toEqual(expected)
      const second = Array.from(step.sync(ones([1000])).data)
      expect(second).not.toEqual(expected)
      const state = getRandomState()
      manualSeed(5)
      dropout(ones([1000]), 0.3)
      expect(Array.from(dropout(ones([1000]), 0.3).data)).toEqual(second)
      expect(getRandomState()).toEqual(state)
      setRandomState(state)
    }
    setBackend(backendsUnderTest[backendsUnderTest.length - 1])
  })

  it('uses one mask forward and backward of a compiled step', () => {
    const weight = new Tensor(new Float32Array(64).fill(2))
    const step = compile((x: Tensor) => {
      weight.grad = null
      const y = dropout(weight.mul(x), 0.5)
      y.sum().backward()
      return [y, weight.grad as unknown as Tensor]
    })
    for (let run = 0; run < 3; run++) {
      const [y, gradient] = step.sync(ones([64])) as [Tensor, Tensor]
      expect(Array.from(gradient.data)).toEqual(Array.from(y.data, value => value / 2))
      expect(new Set(y.data)).toEqual(new Set([0, 4]))
    }
  })

  it('is the identity in evaluation', () => {
    const x = ones([3])
    expect(dropout(x, 0.5, false)).toBe(x)
    const layer = new nn.Dropout()
    expect(layer.p).toBe(0.5)
    expect(layer.eval().forward(x)).toBe(x)
    expect(`${layer}`).toBe('Dropout(p=0.5)')
  })

  it('names what is wrong', () => {
    expect(() => dropout(ones([3]), 1.5)).toThrow('dropout: expected p to be in [0, 1], got 1.5')
    expect(() => dropout(ones([3]), Number.NaN)).toThrow('dropout: expected p to be in [0, 1], got NaN')
    expect(() => dropout(ones([3]), 0.5, 1 as never)).toThrow('dropout: expected training to be true or false, got 1')
    expect(() => new nn.Dropout(-1)).toThrow('Dropout: expected p to be in [0, 1], got -1')
  })
})
