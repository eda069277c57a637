// Scaled shapes: all sizes change, and nothing else.

import { expect, test } from 'vitest'
import { scaled } from '../../bench/support/shapes.js'

test('sizes change; flags, layouts and small sizes stay', () => {
  const parameters = { m: 100, n: 1000, rows: 1, kernel: 3, aLayout: 2, transposeA: true }
  expect(scaled({ name: 's', parameters }, 0.8)).toEqual({
    name: 's × 0.8',
    parameters: { m: 80, n: 800, rows: 1, kernel: 3, aLayout: 2, transposeA: true },
  })
})

test('scaled sizes are integers', () => {
  expect(scaled({ name: 's', parameters: { n: 784 } }, 1.2)?.parameters).toEqual({ n: 941 })
})

test('strides are not scaled', () => {
  expect(scaled({ name: 's', parameters: { at: 0, dims: Int32Array.of(10, 1) } }, 0.8)).toBeNull()
})
