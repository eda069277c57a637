// BLASGRAD_CHECK=1, eager: what an op saved for backward must not have changed but by writes that raise its version.

import { expect, test, vi } from 'vitest'

vi.hoisted(() => {
  process.env.BLASGRAD_CHECK = '1'
})

import { checksum } from '../../lib/base/checksum.js'
import { Saved } from '../../lib/core/saved.js'
import { defineOp, grad, nn, optim, Tensor, tensor } from '../../lib/index.js'

test('training goes on as without it', () => {
  const model = new nn.Sequential(new nn.Linear(2, 8), new nn.LayerNorm(8), new nn.GELU(), new nn.Linear(8, 2))
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.1 })
  const losses = Array.from({ length: 20 }, () => {
    optimizer.zeroGrad()
    const loss = nn.functional.crossEntropy(
      model.forward(
        tensor([
          [1, 2],
          [3, -4],
        ]),
      ),
      Int32Array.of(0, 1),
    )
    loss.backward()
    optimizer.step()
    return loss.item()
  })
  expect(losses[19]).toBeLessThan(losses[0])
  const v = new Tensor([1, 2])
  const [first] = grad(v.pow(3).sum(), [v], { createGraph: true })
  expect(grad(first.sum(), v).toArray()).toEqual([6, 12])
})

test('a write through a view is named, with the op', () => {
  const w = new Tensor([
    [1, 2],
    [3, 4],
  ])
  const y = tensor([[1, 1]])
    .matmul(w.exp())
    .sum()
  const view = w.data
  const x = new Tensor([1, 2, 3])
  const z = x.mul(x.sigmoid())
  view[0] = 9
  y.backward()
  x.data[1] = 0
  expect(() => z.sum().backward()).toThrow(
    expect.objectContaining({
      code: 'CHECK',
      message: expect.stringMatching(/^check: mul: value 0 of 2 saved for backward .*inputs \[3\] and \[3\]/),
    }),
  )
})

test('what is told apart: saved values by their position, and what forward left beside the result', () => {
  const [x, y, extra] = [new Tensor([1, 2]), new Tensor([3, 4]), tensor([5, 6])]
  const op = {
    name: 'pair',
    plan: () => ({ shape: [2], dtype: 'float32' as const }),
    forward: () => {},
    saves: 'both' as const,
  }
  const made = () =>
    new Saved({ ...op, vjp: g => g }, undefined, [[2], [2]], [2], [x, undefined], y, [undefined, undefined, extra])
  const saved = [made(), made(), made()]
  const message = (at: number): string => {
    try {
      saved[at].check()
    } catch (error) {
      return (error as Error).message
    }
    return 'nothing'
  }
  extra.data[1] = 0
  expect(message(0)).toMatch(/^check: pair: what forward left for backward was changed/)
  y.data[0] = 0
  expect(message(1)).toMatch(/^check: pair: value 1 of 2 saved for backward was changed/)
  x.data[0] = 0
  expect(message(2)).toMatch(/^check: pair: value 0 of 2 saved for backward was changed/)
})

test('logits in place of probabilities are told', () => {
  const logits = tensor([
    [2, -1],
    [0.5, 0.5],
  ])
  const oneHot = [
    [1, 0],
    [0, 1],
  ]
  expect(logits.softmax().crossEntropy(oneHot).item()).toBeGreaterThan(0)
  for (const wrong of [logits, logits.neg(), logits.relu()]) {
    expect(() => wrong.crossEntropy(oneHot)).toThrow(
      /^check: crossEntropy: expected probabilities in \[0, 1\], got (-2|2) at 0/,
    )
  }
})

test('a write that raises the version is the error that it always is', () => {
  const w = new Tensor([1, 2])
  const y = w.mul(w).sum()
  w.assign([3, 4])
  expect(() => y.backward()).toThrow(expect.objectContaining({ code: 'GRADIENT' }))
})

test('an op of the user’s that writes to what another has saved', () => {
  const scribble = defineOp({
    name: 'scribble',
    forward: ([x]) => {
      x.data[0] = 7
      return x.mul(1)
    },
    vjp: g => [g],
  })
  const x = new Tensor([1, 2])
  const e = x.exp()
  const y = e.log().add(scribble([e]))
  expect(() => y.sum().backward()).toThrow(/^check: (log|exp): value 0 of 1 saved for backward/)
})

test('checksums tell elements apart, by bytes', () => {
  const arrays = [
    [0, 1],
    [1, 0],
    [-0, 1],
    [0, 1, 0],
  ].map(values => checksum(Float32Array.from(values)))
  expect(new Set(arrays).size).toBe(4)
  expect(checksum(Float64Array.of(1, 2, 3).subarray(1, 2))).toBe(checksum(Float64Array.of(2)))
})
