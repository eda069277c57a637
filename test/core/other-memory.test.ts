// No tensor shows memory that it does not have: what lies around its elements in their buffer is zeros, and nobody is
// given elements that were not written.

import { beforeAll, describe, expect, test } from 'vitest'
import * as blasgrad from '../../lib/index.js'
import { compile, ones, randn, Tensor, tensor, zeros } from '../../lib/index.js'

/** The bytes of a tensor's buffer that are none of its elements. */
function around({ data }: Tensor): number[] {
  const bytes = [...new Uint8Array(data.buffer)]
  bytes.splice(data.byteOffset, data.byteLength)
  return bytes
}

const sizes = [1, 15, 16, 17, 100, 255, 256, 257, 1000, 1023, 1024, 1025, 5000, 100_000]

describe('memory that is not a tensor’s own', () => {
  // The system gives out zeroed memory: only what was used before has other contents.
  beforeAll(() => {
    for (let i = 0; i < 200; i++) for (const size of sizes) Buffer.allocUnsafeSlow(size * 4 + 56).fill(0xaa)
  })

  test.each(sizes)('an op over %i elements shows zeros around its result', size => {
    for (let round = 0; round < 50; round++) {
      const x = ones([size])
      for (const result of [x.add(x), x.exp(), x.clone(), zeros([size]), randn([size])]) {
        expect(around(result).every(byte => byte === 0)).toBe(true)
      }
    }
  })

  test.each(sizes)('so do gradients and results of compiled steps of %i', size => {
    const x = ones([size], { requiresGrad: true })
    for (let round = 0; round < 20; round++) {
      x.zeroGrad()
      x.mul(x).sum().backward()
      expect(around(x.grad as Tensor).every(byte => byte === 0)).toBe(true)
    }
    const step = compile((a: Tensor) => a.mul(a))
    for (let round = 0; round < 20; round++)
      expect(around(step.sync(ones([size]))).every(byte => byte === 0)).toBe(true)
  })

  test('what lies around a user’s own array is left alone', () => {
    const bytes = new Uint8Array(64).fill(7)
    const x = tensor(new Float32Array(bytes.buffer, 8, 4))
    expect(x.data.length).toBe(4)
    expect([...bytes].filter(byte => byte === 7)).toHaveLength(64)
  })

  test('no public function gives elements that were not written', () => {
    expect('allocate' in Tensor).toBe(false)
    expect(Object.keys(blasgrad).filter(name => /^(allocate|empty)/.test(name))).toEqual([])
  })

  test('an empty tensor with millions of rows prints at once', () => {
    expect(String(zeros([2 ** 24, 0]))).toBe('Tensor([], shape=[16777216, 0], dtype=float32)')
    expect(String(zeros([2 ** 16, 2 ** 15, 0, 3]))).toMatch(/^Tensor\(\[\], shape/)
  })
})
