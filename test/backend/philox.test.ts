// Philox 4x32-10 against the known-answer vectors that its authors published with Random123 (kat_vectors).

import { describe, expect, test } from 'vitest'
import { reference } from '../../lib/backend/reference.js'
import { philox } from '../../lib/base/philox.js'

const ones = 0xffffffff
const vectors = [
  { counter: [0, 0, 0, 0], key: [0, 0], words: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8] },
  { counter: [ones, ones, ones, ones], key: [ones, ones], words: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd] },
  {
    counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    key: [0xa4093822, 0x299f31d0],
    words: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  },
]

test.each(vectors)('known answer for the key $key', ({ counter, key, words }) => {
  const out = new Uint32Array(4)
  philox(counter[0], counter[1], counter[2], counter[3], key[0], key[1], out)
  expect([...out]).toEqual(words)
})

describe('uniform', () => {
  const state = Int32Array.of(0, 0, 0, 0)

  test('float32 takes the upper 24 bits of each word', () => {
    const out = new Float32Array(3)
    reference.uniform(3, 0, 1, 0, state, out)
    expect([...out]).toEqual([0x6627e8, 0xe169c5, 0xbc57ac].map(bits => bits / 2 ** 24))
  })

  test('float64 takes 53 bits of two words', () => {
    const out = new Float64Array(2)
    reference.uniform(2, 0, 1, 0, state, out)
    const [w0, w1, w2, w3] = vectors[0].words
    const unit = (high: number, low: number) => Number((BigInt(high >>> 5) << 26n) + BigInt(low >>> 6)) / 2 ** 53
    expect([...out]).toEqual([unit(w0, w1), unit(w2, w3)])
  })

  test('a call that starts at a later block continues an earlier one, over the carry of the counter too', () => {
    const late = Int32Array.of(7, 9, -2, 5)
    const whole = new Float32Array(16)
    reference.uniform(16, -1, 1, 0, late, whole)
    const part = new Float32Array(8)
    reference.uniform(8, -1, 1, 2, late, part)
    expect(part).toEqual(whole.subarray(8))
    reference.uniform(8, -1, 1, 0, Int32Array.of(7, 9, 0, 6), part)
    expect(part).toEqual(whole.subarray(8))
  })

  test('never gives the upper bound, where rounding would', () => {
    const out = new Float32Array(1000)
    const high = 1 + 2 ** -22
    reference.uniform(1000, 1, high, 0, state, out)
    expect(out.every(x => x >= 1 && x < high)).toBe(true)
    expect(out.some(x => x > 1)).toBe(true)
  })
})

test('normal has the moments of the normal distribution', () => {
  const n = 100000
  const out = new Float64Array(n)
  reference.normal(n, 3, 2, 0, Int32Array.of(1, 2, 3, 4), out)
  const moment = (power: number) => out.reduce((sum, x) => sum + ((x - 3) / 2) ** power, 0) / n
  expect(Math.abs(moment(1))).toBeLessThan(0.02)
  expect(Math.abs(moment(2) - 1)).toBeLessThan(0.03)
  expect(Math.abs(moment(3))).toBeLessThan(0.05)
  expect(Math.abs(moment(4) - 3)).toBeLessThan(0.15)
})
