// Digits that a subtraction of nearly equal numbers would lose: values and gradients in float32 hold to a few ulps,
// eager and compiled, on both backends. The kernels alone are held by test/backend/accuracy.test.ts.

import { describe, expect, test } from 'vitest'
import * as bg from '../../lib/index.js'
import { compile, nn, type Tensor, tensor } from '../../lib/index.js'
import { backendsUnderTest, onBackend } from '../support/backends.js'

/** Relative errors are within 2⁻²¹, four ulps of float32, unless `most` is given. */
function expectDigits(actual: readonly number[], expected: readonly number[], most = 2 ** -21): void {
  expect(actual).toHaveLength(expected.length)
  for (const [i, value] of expected.entries()) {
    const error = Math.abs(actual[i] - value) / Math.abs(value)
    if (!(error <= most)) expect.fail(`at ${i}: expected ${value}, got ${actual[i]} (relative error ${error})`)
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

describe.each(backendsUnderTest)('values far from zero, near it, and many, on %s', backend => {
  const offsets = Array.from({ length: 64 }, (_, i) => Math.fround(((i * 37) % 64) / 64 - 0.3671875))
  const mean = offsets.reduce((sum, x) => sum + x, 0) / offsets.length
  const squares = offsets.reduce((sum, x) => sum + (x - mean) ** 2, 0)
  const shifted = (shift: number): Tensor => tensor(Float32Array.from(offsets, x => x + shift)).reshape([64, 1])
  const normalized = offsets.map(x => (x - mean) / Math.sqrt(squares / 64 + 1e-5))

  test.each([0, 1000, 10000])('batchNorm and its statistics, shifted by %i', shift => {
    onBackend(backend, () => {
      const [runningMean, runningVar] = [tensor([0]), tensor([0])]
      const options = { training: true, momentum: 1 }
      const x = shifted(shift)
      expectDigits(values(nn.functional.batchNorm(x, runningMean, runningVar, null, null, options)), normalized)
      expectDigits(values(runningMean), [mean + shift])
      expectDigits(values(runningVar), [squares / 63])
      const still = nn.functional.batchNorm(x, tensor([shift]), tensor([squares / 64]))
      expectDigits(
        values(still),
        offsets.map(value => value / Math.sqrt(squares / 64 + 1e-5)),
      )
      expectDigits(values(x.variance()), [squares / 63])
      expectDigits(values(x.std()), [Math.sqrt(squares / 63)])
      expectDigits(values(nn.functional.layerNorm(x.reshape([64]))), normalized)
    })
  })

  test('the gradient of batchNorm, shifted by 10000', () => {
    onBackend(backend, () => {
      const gradientAt = (shift: number): number[] => {
        const x = leafOf(shifted(shift))
        const y = nn.functional.batchNorm(x, null, null, null, null, { training: true })
        return values(bg.grad(y.mul(y).mul(y).sum(), [x])[0])
      }
      const expected = gradientAt(0)
      const largest = Math.max(...expected.map(Math.abs))
      for (const [i, value] of gradientAt(10000).entries()) {
        expect(Math.abs(value - expected[i])).toBeLessThan(2e-6 * largest)
      }
    })
  })

  test('tails', () => {
    onBackend(backend, () => {
      const x = tensor([-20, -40, -80, -87.5, -88])
      const exact = [...(x.data as Float32Array)]
      const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v))
      expectDigits(
        values(x.silu()),
        exact.map(v => v * sigmoid(v)),
      )
      const small = tensor([-2, -3, -4.5])
      const inner = (v: number): number => 2 * Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)
      expectDigits(
        values(small.gelu({ approximate: 'tanh' })),
        [-2, -3, -4.5].map(v => v * sigmoid(inner(v))),
        2 ** -17,
      )
      const losses = nn.functional.binaryCrossEntropyWithLogits(tensor([-20, 20, -60, 3]), tensor([0, 1, 0, 0.25]), {
        reduction: 'none',
      })
      const softplus = (v: number): number => Math.log1p(Math.exp(v))
      expectDigits(values(losses), [
        softplus(-20),
        softplus(-20),
        softplus(-60),
        0.75 * softplus(3) + 0.25 * softplus(-3),
      ])
    })
  })

  test('log-softmax and log-sum-exp of a confident slice, rows and columns', () => {
    onBackend(backend, () => {
      for (const n of [2, 40, 700]) {
        const logits = new Float32Array(n).fill(-90)
        logits.set([10, 0])
        for (const axis of [0, 1]) {
          const x = tensor(logits).reshape(axis === 0 ? [n, 1] : [1, n])
          const wide = axis === 0 ? bg.concat([x, x], 1) : x
          const results = values(wide.logSoftmax(axis))
          expectDigits(
            [results[0], results[axis === 0 ? 2 : 1]],
            [-Math.log1p(Math.exp(-10)), -10 - Math.log1p(Math.exp(-10))],
          )
          const least = values(wide.sub(10).logsumexp(axis))
          expectDigits([least[0]], [Math.log1p(Math.exp(-10))])
        }
      }
    })
  })

  test('long sums and means', () => {
    onBackend(backend, () => {
      const tenth = Math.fround(0.1)
      const long = bg.full([2 ** 22], 0.1)
      expectDigits(values(long.sum()), [tenth * 2 ** 22], 2 ** -24)
      expectDigits(values(long.mean()), [tenth], 2 ** -24)
      for (const columns of [2, 16, 100]) {
        const tall = bg.full([2 ** 15, columns], 0.1).sum(0)
        expectDigits(values(tall), new Array<number>(columns).fill(tenth * 2 ** 15), 2 ** -24)
      }
    })
  })
})
