// The order of an epoch: a permutation, a pure function of seed and epoch, without bias.

import { describe, expect, it } from 'vitest'
import { naturalOrder, shuffledOrder } from '../../lib/data/order.js'

const sorted = (order: Int32Array) => [...order].sort((a, b) => a - b)

describe('shuffledOrder', () => {
  it('is a permutation', () => {
    for (const n of [0, 1, 2, 3, 10, 1000]) expect(sorted(shuffledOrder(n, 3, 5))).toEqual([...naturalOrder(n)])
  })

  it('is the same for the same seed and epoch, and another for others', () => {
    const order = shuffledOrder(100, 1, 2)
    expect(shuffledOrder(100, 1, 2)).toEqual(order)
    for (const other of [shuffledOrder(100, 2, 2), shuffledOrder(100, 1, 3), shuffledOrder(100, 2 ** 32 + 1, 2)]) {
      expect(other).not.toEqual(order)
    }
  })

  // The numbers were computed by a program of their own, in Python.
  it('keeps its numbers across versions, since trainings are resumed', () => {
    expect([...shuffledOrder(10, 1, 0)]).toEqual([6, 7, 5, 4, 2, 8, 9, 3, 1, 0])
    expect([...shuffledOrder(10, 2 ** 40 + 7, 3)]).toEqual([0, 2, 9, 8, 1, 3, 4, 5, 6, 7])
  })

  it('gives each of the 24 orders of 4 as often (χ² with 23 degrees of freedom, below its 99.9 % point 49.7)', () => {
    const runs = 24_000
    const counts = new Map<string, number>()
    for (let epoch = 0; epoch < runs; epoch++) {
      const key = shuffledOrder(4, 7, epoch).join()
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    const expected = runs / 24
    let chiSquared = 0
    for (const count of counts.values()) chiSquared += (count - expected) ** 2 / expected
    expect(counts.size).toBe(24)
    expect(chiSquared).toBeLessThan(49.7)
  })
})
