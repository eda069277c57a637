// The README's lines on speed come from a report's rows.

import { expect, test } from 'vitest'
import { speedLines } from '../../bench/support/readme.js'

const timing = (median: number): { median: number } => ({ median })
const row = (native: number, reference: number): object => ({
  native: timing(native),
  reference: timing(reference),
  faster: reference / native,
})
const kernels = [
  ['matmul', '1024×1024×1024'],
  ['softmax', '4096×1000, rows'],
  ['add', '4096×1000'],
  ['adam', '1,000,000'],
].map(([kernel, shape]) => ({ kernel, shape, rate: 100, unit: 'GB/s', ...row(1500, 30_000) }))

test('each row says what the report says', () => {
  const report = {
    date: '2026-01-02T00:00:00Z',
    machine: 'a machine',
    groups: { steps: [{ workload: 'w', ...row(20, 100) }], kernels },
  }
  const text = speedLines(report)
  expect(text).toContain('2026-01-02: a machine.')
  expect(text).toContain('| training step, w | 20.0 µs | 100 µs | 5.0× |')
  expect(text).toContain('| matmul 1024×1024×1024 | 1.50 ms (100 GB/s) | 30.0 ms | 20× |')
})

test('a report that lacks a kernel is refused', () => {
  expect(() => speedLines({ date: '', machine: '', groups: {} })).toThrow('expected a bench of matmul 1024×1024×1024')
})
