// NaN, infinities, signed zeros, denormals and huge numbers through every elementwise op: both backends agree, and the
// cases that PyTorch decides (checked by hand against torch 1.13) hold.

import { describe, expect, test } from 'vitest'
import { kernelNames, kernelRow } from '../../lib/backend/table.js'
import * as bg from '../../lib/index.js'
import { Tensor, tensor } from '../../lib/index.js'
import { opEntries } from '../../lib/ops/machinery/registry.js'
import { backendsUnderTest, onBackend } from '../support/backends.js'
import { expectClose } from '../support/close.js'

const special = [Number.NaN, Infinity, -Infinity, 0, -0, 1, -1, 0.5, 1e-42, -1e-42, 1e30, -1e30, 88.8, -103.5, 1e5, 700]
const pairs = special.flatMap(a => special.map(b => [a, b]))

const elementwise = kernelNames.filter(name => kernelRow(name).class === 'elementwise' && name in Tensor.prototype)

describe.skipIf(backendsUnderTest.length === 1)('native gives what the reference gives', () => {
  test.each(elementwise)('%s', name => {
    const call = opEntries.get(name)?.call ?? expect.fail(`${name} is not declared`)
    const binary = opEntries.get(name)?.call.length === 2 && !['pow'].includes(name)
    for (const dtype of ['float32', 'float64'] as const) {
      const run = (): Tensor[] => {
        if (binary) {
          return [
            call(
              tensor(
                pairs.map(([a]) => a),
                { dtype },
              ),
              tensor(
                pairs.map(([, b]) => b),
                { dtype },
              ),
            ),
          ]
        }
        if (name === 'pow')
          return [-2, -1, -0.5, 0, 0.5, 1, 2, 2.5, 3].map(exponent => call(tensor(special, { dtype }), exponent))
        return [call(tensor(special, { dtype }), ...(name === 'clamp' ? [-1, 2] : []))]
      }
      const [expected, actual] = [onBackend('reference', run), onBackend('native', run)]
      expected.forEach((e, i) => {
        const tolerance = dtype === 'float32' ? { relative: 1e-5, absolute: 0 } : { relative: 1e-12, absolute: 0 }
        for (let j = 0; j < e.size; j++) {
          // Element by element: a huge neighbour must not widen the tolerance. Denormal results may be flushed.
          const near = Math.abs(e.data[j]) < 1e-37 && Math.abs(actual[i].data[j]) < 1e-37
          if (!near) expectClose([actual[i].data[j]], [e.data[j]], tolerance, `${name} ${dtype} case ${i} element ${j}`)
        }
      })
    }
  })
})

describe.each(backendsUnderTest)('as in PyTorch, on %s', backend => {
  const on = (run: () => Tensor): unknown => onBackend(backend, () => run().toArray())
  const [nan, inf] = [Number.NaN, Infinity]

  test.each<[string, () => Tensor, unknown]>([
    ['exp', () => tensor([nan, inf, -inf, 1000, -1000]).exp(), [nan, inf, 0, inf, 0]],
    ['log', () => tensor([nan, inf, -1, 0]).log(), [nan, inf, nan, -inf]],
    ['sqrt', () => tensor([-1, inf, 0]).sqrt(), [nan, inf, 0]],
    ['tanh', () => tensor([inf, -inf, 100]).tanh(), [1, -1, 1]],
    ['sigmoid', () => tensor([inf, -inf, -1000, 1000]).sigmoid(), [1, 0, 0, 1]],
    ['softplus', () => tensor([inf, -inf, 1000, -1000]).softplus(), [inf, 0, 1000, 0]],
    ['maximum', () => tensor([nan, 1, inf]).maximum([1, nan, 2]), [nan, nan, inf]],
    ['minimum', () => tensor([nan, 1, -inf]).minimum([1, nan, 2]), [nan, nan, -inf]],
    ['clamp', () => tensor([nan, inf, -inf]).clamp(-1, 1), [nan, 1, -1]],
    [
      'max',
      () =>
        tensor([
          [1, nan, 3],
          [1, 2, inf],
        ]).max(1),
      [nan, inf],
    ],
    [
      'argmax',
      () =>
        tensor([
          [1, nan, 3],
          [1, 3, 3],
        ]).argmax(1),
      [1, 1],
    ],
    [
      'sum',
      () =>
        tensor([
          [inf, -inf],
          [nan, 1],
        ]).sum(1),
      [nan, nan],
    ],
    ['softmax of a masked row', () => tensor([-inf, 0, -inf]).softmax(), [0, 1, 0]],
    ['softmax of a row of -inf', () => tensor([-inf, -inf]).softmax(), [nan, nan]],
    ['softmax of huge', () => tensor([1e30, -1e30, 1e30]).softmax(), [0.5, 0, 0.5]],
    ['logSoftmax of far apart', () => tensor([1e30, -1e30]).logSoftmax(), [0, Math.fround(-2e30)]],
    [
      'logsumexp of a row of -inf',
      () =>
        tensor([
          [-inf, -inf],
          [inf, 0],
        ]).logsumexp(1),
      [-inf, inf],
    ],
    ['pow', () => tensor([0, nan, -8]).pow(0), [1, 1, 1]],
    ['comparison', () => tensor([nan, 1]).greaterEqual([nan, 1]), [false, true]],
    ['notEqual', () => tensor([nan, 1]).notEqual([nan, 1]), [true, false]],
    ['any over nothing', () => bg.zeros([2, 0]).any(1), [false, false]],
    ['all over nothing', () => bg.zeros([2, 0]).all(1), [true, true]],
    ['mean over nothing', () => bg.zeros([0]).mean(), nan],
    ['prod and sum over nothing', () => bg.stack([bg.zeros([0]).prod(), bg.zeros([0]).sum()]), [1, 0]],
  ])('%s', (_, run, expected) => {
    expect(on(run)).toEqual(expected)
  })

  test('ties in max and maximum share the gradient', () => {
    onBackend(backend, () => {
      const x = new Tensor([
        [3, 1, 3],
        [2, 2, 2],
      ])
      x.max(1).sum().backward()
      expect((x.grad as Tensor).mul(6).toArray()).toEqual([[3, 0, 3], [2, 2, 2].map(n => Math.fround(n))])
      const [a, b] = [new Tensor([1, 2]), new Tensor([1, 3])]
      a.maximum(b).sum().backward()
      expect([a.grad?.toArray(), b.grad?.toArray()]).toEqual([
        [0.5, 0],
        [0.5, 1],
      ])
    })
  })

  test('the norm has gradient 0 at 0', () => {
    onBackend(backend, () => {
      const x = new Tensor([
        [0, 0],
        [3, 4],
      ])
      x.norm(1).sum().backward()
      expectClose(x.grad?.data ?? [], [0, 0, 0.6, 0.8], { relative: 1e-6, absolute: 0 }, 'gradient')
    })
  })

  test('prod has the right gradient with one zero and with two', () => {
    onBackend(backend, () => {
      const x = new Tensor([
        [0, 2, 3],
        [0, 0, 3],
      ])
      x.prod(1).sum().backward()
      expect(x.grad?.toArray()).toEqual([
        [6, 0, 0],
        [0, 0, 0],
      ])
    })
  })

  test('allclose', () => {
    onBackend(backend, () => {
      expect(tensor([1, inf]).allclose([1 + 1e-7, inf])).toBe(true)
      expect(tensor([1, inf]).allclose([1, -inf])).toBe(false)
      expect(tensor([nan]).allclose([nan])).toBe(false)
      expect(tensor([nan]).allclose([nan], { equalNaN: true })).toBe(true)
      expect(tensor([1]).allclose([2])).toBe(false)
    })
  })
})
