// Ratios, their ranges, the fastest of several, targets; agreement of values.

import { expect, test } from 'vitest'
import { agreeing, difference } from '../../bench/report/agreement.js'
import { fastest, range, ratioOver, targets, verdict } from '../../bench/report/ratio.js'
import { type Figure, median } from '../../bench/support/timing.js'
import { workloads } from '../../bench/workloads/workloads.js'

const figure = (...samples: number[]): Figure => ({
  median: median(samples),
  min: Math.min(...samples),
  max: Math.max(...samples),
  repetitions: 1,
  samples,
})

test('a ratio is of the medians, its range of the rounds', () => {
  const ratio = ratioOver(figure(2, 4, 5), figure(20, 8, 30))
  expect(ratio).toEqual({ ratio: 5, min: 2, max: 10 })
  expect(range(ratio)).toBe('2–10')
})

test('the range covers the rounds that both took part in', () => {
  expect(ratioOver(figure(2, 4, 5), figure(20, 8))).toEqual({ ratio: 3.5, min: 2, max: 10 })
})

test('fastest picks among the named figures, and returns null if there are none', () => {
  const figures = { a: figure(3), b: figure(2), c: figure(1) }
  expect(fastest(figures, ['a', 'b'])?.[0]).toBe('b')
  expect(fastest<string>(figures, ['d'])).toBeNull()
  expect(fastest(figures, [])).toBeNull()
})

test('a ratio equal to its target meets it', () => {
  const ratio = { ratio: 3.5, min: 3, max: 4 }
  expect(verdict(ratio, 3.5)).toEqual(['3.5', 'yes'])
  expect(verdict(ratio, 3.51)).toEqual(['3.51', 'no'])
  expect(verdict(null, 2)).toEqual(['2', ''])
  expect(verdict(ratio, undefined)).toEqual(['', ''])
})

test('every workload has a target', () => {
  for (const { name } of workloads) expect(targets[name]).toBeGreaterThan(1)
})

test('values agree to 1e-3, relative above 1', () => {
  const values = { compiled: 500, eager: 500.4, PyTorch: 499.6 }
  expect(agreeing('w', values)).toBe(values)
  expect(difference(values)).toBeCloseTo(8e-4)
  expect(() => agreeing('w', { compiled: 0.5, PyTorch: 0.502 })).toThrow(
    'w: expected compiled and PyTorch to agree to 0.001, got 0.5 and 0.502',
  )
})

test.each([Number.NaN, Number.POSITIVE_INFINITY])('%d agrees with nothing', value => {
  expect(() => agreeing('w', { compiled: value, PyTorch: value })).toThrow('to agree')
  expect(() => agreeing('w', { compiled: 1, PyTorch: value })).toThrow('to agree')
})
