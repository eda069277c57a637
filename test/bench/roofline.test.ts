// The roofline: kernels' bounds at the machine's peaks, and the kernels farthest below them.

import { expect, test } from 'vitest'
import { roofOf, slowest } from '../../bench/report/roofline.js'

const peaks = { bytes: 10, flops: 100 }
const call = (kernel: string, micros: number, bytes: number, flops = 0) => ({
  ...{ kernel, shape: 's', micros, bytes, flops },
})

test('the slower of bytes and arithmetic at the peaks is the bound', () => {
  // 10 MB at 10 GB/s are 1000 µs, 1 GFLOP at 100 GFLOP/s 10,000 µs.
  expect(roofOf(call('a', 4000, 1e7), peaks)).toMatchObject({ bound: 1000, by: 'bytes', part: 0.25 })
  expect(roofOf(call('b', 20_000, 1e7, 1e9), peaks)).toMatchObject({ bound: 10_000, by: 'flops', part: 0.5 })
})

test('arrays that fit the caches are bounded by arithmetic only', () => {
  expect(roofOf(call('a', 1, 1e4), peaks)).toBeNull()
  expect(roofOf(call('b', 20, 1e4, 1e6), peaks)?.by).toBe('flops')
})

test('slowest lists the kernels farthest below the roofline, each once, the farthest first', () => {
  const all = [call('a', 2000, 1e7), call('a', 4000, 1e7), call('b', 1000, 1e7), call('c', 8000, 1e7)]
  expect(slowest(all, peaks).map(({ kernel, part }) => [kernel, part])).toEqual([
    ['c', 0.125],
    ['a', 0.25],
    ['b', 1],
  ])
  expect(slowest(all, peaks, 1)).toHaveLength(1)
})
