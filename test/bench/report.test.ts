// What makes a run of the benches fail: a figure that is not a number.

import { expect, test } from 'vitest'
import { checkFinite } from '../../bench/support/report.js'

const rows = (median: number) => [{ kernel: 'add', native: { median: 1 }, reference: null }, { native: { median } }]

test('figures that are numbers pass, with what was left out', () => {
  expect(() => checkFinite(rows(0), 'kernels')).not.toThrow()
})

test.each([Number.NaN, Number.POSITIVE_INFINITY])('%d is an error that says where', value => {
  expect(() => checkFinite(rows(value), 'kernels')).toThrow(
    `kernels.1.native.median: expected a finite figure, got ${value}`,
  )
})
