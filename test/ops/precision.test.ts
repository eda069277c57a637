// Digits that a subtraction of nearly equal numbers would lose: values and gradients in float32 hold to a few ulps,
// eager and compiled, on both backends.

import { describe, expect, test } from 'vitest'
import * as bg from '../../lib/index.js'
import { compile, nn, type Tensor, tensor } from '../../lib/index.js'
import { backendsUnderTest, onBackend } from '../support/backends.js'

/** Relative errors are within 2⁻²¹, four ulps of float32. */
function expectDigits(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length)
  for (const [i, value] of expected.entries()) {
    const error = Math.abs(actual[i] - value) / Math.abs(value)
    if (!(error <= 2 ** -21)) expect.fail(`at ${i}: expected ${value}, got ${actual[i]} (relative error ${error})`)
  }
}

function leafOf(t: Tensor): Tensor {
  const leaf = t.detach()
  leaf.requiresGrad = true
  return leaf
}

const values = (t: Tensor): number[] => Array.from(t.data as Float32Array)

describe.each(backendsUnderTest)('crossEntropy of confident logits, on %s', backend => {
  const loss = Math.log1p(Math.exp(-10))
  const slope = 1 / (1 + Math.exp(10))

  describe.each([2, 5, 40, 700, 3000])('%i classes', classes => {
    test.each([0, 1000, 10000])('shifted by %i', shift => {
      const rows = 3
      const logits = new Float32Array(rows * classes).fill(shift - 60)
      for (let row = 0; row < rows; row++) logits.set([shift + 10, shift], row * classes)
      const ids = Int32Array.of(0, 1, 0)
      onBackend(backend, () => {
        const lossOf = (x: Tensor): Tensor => nn.functional.crossEntropy(x, tensor(ids), { reduction: 'none' })
        const expectedSlopes = [-slope, slope, 1 - slope, slope - 1, -slope, slope]
        const check = (losses: Tensor, gradient: Tensor): void => {
          expectDigits(values(losses), [loss, 10 + loss, loss])
          const seen = values(gradient)
          expectDigits(
            [0, 1, 2].flatMap(row => [...seen.slice(row * classes, row * classes + 2)]),
            expectedSlopes,
          )
        }
        const x = leafOf(tensor(logits).reshape([rows, classes]))
        for (const createGraph of [false, true]) {
          const losses = lossOf(x)
          check(losses, bg.grad(losses.sum(), [x], { createGraph })[0] as Tensor)
        }
        const step = compile((input: Tensor) => {
          const leaf = leafOf(input)
          const losses = lossOf(leaf)
          return [losses, bg.grad(losses.sum(), [leaf])[0] as Tensor] as const
        })
        const [losses, gradient] = step.sync(x.detach())
        check(losses, gradient)
      })
    })
  })
})
