// Memory of 4 KB and more is aligned to a cache line, so that no vector load spans two.

import { describe, expect, test } from 'vitest'
import { loadNative } from '../../lib/backend/load.js'
import { getBackend, nn, ones, optim, type Tensor, tensor } from '../../lib/index.js'
import { backendsUnderTest } from '../support/backends.js'

const paddingOf = (x: Tensor): number => {
  const { buffer, byteOffset } = x.data
  return loadNative().paddingOf(new Uint8Array(buffer, byteOffset, 1))
}

describe.runIf(backendsUnderTest.includes('native') && getBackend() === 'native')('alignment', () => {
  test('results, data and parameters', () => {
    const layer = new nn.Linear(32, 40)
    for (const x of [ones([32, 32]).add(1), tensor(new Float32Array(1500)), ones([700], { dtype: 'float64' })]) {
      expect(paddingOf(x)).toBe(0)
    }
    expect(paddingOf(layer.weight)).toBe(0)
  })

  test('gradients and what an optimizer keeps', () => {
    const layer = new nn.Linear(32, 40)
    const optimizer = new optim.Adam(layer.parameters())
    for (let i = 0; i < 2; i++) {
      optimizer.zeroGrad()
      layer
        .forward(ones([4, 32]))
        .sum()
        .backward()
      optimizer.step()
    }
    expect(paddingOf(layer.weight.grad as Tensor)).toBe(0)
    expect(paddingOf(layer.weight)).toBe(0)
  })

  test('the elements are a part of their buffer, and only they', () => {
    const x = ones([2000])
    expect(x.data.length).toBe(2000)
    expect(x.data.byteLength).toBe(8000)
    expect(structuredClone(x.data)).toEqual(new Float32Array(2000).fill(1))
  })

  test('what begins past a line says how far the next one is', () => {
    const bytes = new Uint8Array(256)
    const first = loadNative().paddingOf(bytes)
    expect(first % 8).toBe(0)
    expect(loadNative().paddingOf(bytes.subarray(first))).toBeLessThan(8)
    expect(loadNative().paddingOf(bytes.subarray(first + 24))).toBe(40)
    expect(() => loadNative().paddingOf({} as Uint8Array)).toThrow('paddingOf: expected a typed array')
  })
})
