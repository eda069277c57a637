// Attention beyond PyTorch's numbers: its memory, dropout, masks that want gradients, queries that read nothing, mistakes.

import { describe, expect, it } from 'vitest'
import { record } from '../../lib/compile/record.js'
import { flatten } from '../../lib/compile/tree.js'
import { compile, grad, manualSeed, nn, ones, optim, randn, type Tensor, tensor, zeros } from '../../lib/index.js'
import { backendsUnderTest, onBackend } from '../support/backends.js'

const { scaledDotProductAttention } = nn.functional

/** What forward and backward of a sequence of `time` work in: bytes, and the longest value. */
function memoryOf(time: number): { bytes: number; longest: number } {
  const args = [0, 1, 2].map(() => randn([1, 2, time, 8]))
  const fn = (...inputs: readonly unknown[]): Tensor[] => {
    const [q, k, v] = inputs as Tensor[]
    const leaves = [q, k, v].map(x => x.mul(1))
    for (const leaf of leaves) leaf.requiresGrad = true
    const out = scaledDotProductAttention(leaves[0], leaves[1], leaves[2], { causal: true })
    return grad(out.sum(), leaves) as Tensor[]
  }
  const { plan, program } = record(fn, args, flatten('test', args), {})
  return { bytes: plan.arenaBytes, longest: Math.max(...program.values.map(({ length }) => length)) }
}

describe('scaledDotProductAttention', () => {
  it('needs memory in proportion to the sequence', () => {
    const [short, long] = [memoryOf(512), memoryOf(2048)]
    expect(long.longest).toBe(2 * 2048 * 8)
    expect(long.bytes / short.bytes).toBeLessThan(4.1)
  })

  it.each(backendsUnderTest)('gives zeros and no gradient where a query reads no key, on %s', backend => {
    onBackend(backend, () => {
      const inputs = [0, 1, 2].map(() => ones([1, 2, 3], { requiresGrad: true }))
      const [q, k, v] = inputs
      const masks = [
        [
          [true, false],
          [false, false],
        ],
        [
          [0, -Infinity],
          [-Infinity, -Infinity],
        ],
      ]
      for (const mask of masks) {
        for (const createGraph of [false, true]) {
          const out = scaledDotProductAttention(q, k, v, { mask: mask as never })
          expect(out.toArray()).toEqual([
            [
              [1, 1, 1],
              [0, 0, 0],
            ],
          ])
          const [dq, dk, dv] = grad(out.sum(), inputs, { createGraph })
          expect([dq, dk].map(t => t.toArray())).toEqual([zeros([1, 2, 3]).toArray(), zeros([1, 2, 3]).toArray()])
          expect(dv.toArray()).toEqual([
            [
              [1, 1, 1],
              [0, 0, 0],
            ],
          ])
        }
      }
    })
  })

  it.each(backendsUnderTest)('does so beyond one tile of keys, in float32, on %s', backend => {
    onBackend(backend, () => {
      manualSeed(4)
      const inputs = [70, 700, 700].map(rows => randn([1, rows, 20], { requiresGrad: true }))
      const [q, k, v] = inputs
      const mask = tensor(
        Uint8Array.from({ length: 70 * 700 }, (_, i) => Number(Math.floor(i / 700) % 3 !== 0)),
        { dtype: 'bool' },
      ).reshape([70, 700])
      const out = scaledDotProductAttention(q, k, v, { mask })
      const [dq, dk, dv] = grad(out.pow(2).sum(), inputs)
      for (const t of [out, dq, dk, dv]) expect([...t.data].every(Number.isFinite)).toBe(true)
      for (let i = 0; i < 70; i += 3) {
        expect(
          out
            .slice([0, 1], [i, i + 1])
            .abs()
            .sum()
            .item(),
        ).toBe(0)
        expect(
          dq
            .slice([0, 1], [i, i + 1])
            .abs()
            .sum()
            .item(),
        ).toBe(0)
      }
    })
  })

  it.each(backendsUnderTest)('takes a mask whose first keys nobody reads, over several tiles, on %s', backend => {
    onBackend(backend, () => {
      manualSeed(2)
      const [q, k, v] = [2, 300, 300].map(rows => randn([1, rows, 4], { dtype: 'float64' }))
      const mask = tensor(
        Uint8Array.from({ length: 300 }, (_, i) => Number(i >= 280)),
        { dtype: 'bool' },
      )
      const all = scaledDotProductAttention(q, k, v, { mask })
      const few = scaledDotProductAttention(q, k.slice([0, 1], [280, 300]), v.slice([0, 1], [280, 300]))
      for (let i = 0; i < few.size; i++) expect(all.data[i]).toBeCloseTo(few.data[i], 12)
    })
  })

  it('gives a mask its gradient', () => {
    const [q, k, v] = [0, 1, 2].map(() => randn([2, 3, 4], { dtype: 'float64' }))
    const mask = zeros([3, 3], { dtype: 'float64', requiresGrad: true })
    scaledDotProductAttention(q, k, v, { mask }).mul(v).sum().backward()
    const rows = mask.grad?.sum(1).data ?? []
    // Adding the same to all scores of a row changes nothing.
    for (const total of rows) expect(total).toBeCloseTo(0, 12)
    expect(Math.max(...(mask.grad?.data ?? []))).toBeGreaterThan(1e-3)
  })

  it('drops weights: the same ones eager and compiled, forward and backward', () => {
    const [q, k] = [0, 1].map(() => randn([1, 4, 2]))
    const v = ones([1, 4, 2])
    const attend = (): Tensor => scaledDotProductAttention(q, k, v, { dropoutP: 0.5 })
    manualSeed(4)
    const eager = attend()
    manualSeed(4)
    const compiled = compile(attend, { captures: [q, k, v] }).sync()
    for (let i = 0; i < eager.size; i++) expect(compiled.data[i]).toBeCloseTo(eager.data[i], 5)
    expect(scaledDotProductAttention(q, k, v).data.every(value => Math.abs(value - 1) < 1e-6)).toBe(true)
    expect(eager.data.some(value => Math.abs(value - 1) > 1e-3)).toBe(true)
  })

  it('names what is wrong', () => {
    const q = ones([2, 3, 4])
    const shapes = "scaledDotProductAttention: expected q [..., n, width], k [..., m, width], v [..., m, width'], got "
    expect(() => scaledDotProductAttention(q, ones([2, 3, 5]), q)).toThrow(
      `${shapes}[2, 3, 4], [2, 3, 5] and [2, 3, 4]`,
    )
    expect(() => scaledDotProductAttention(q, ones([2, 5, 4]), q)).toThrow(
      `${shapes}[2, 3, 4], [2, 5, 4] and [2, 3, 4]`,
    )
    expect(() => scaledDotProductAttention(q, ones([4]), q)).toThrow('of at least two axes, got [2, 3, 4], [4] and')
    expect(() => scaledDotProductAttention(q, ones([3, 3, 4]), q)).toThrow('[2] and [3]')
    expect(() => scaledDotProductAttention(q, q, q, { mask: ones([2, 3]) })).toThrow(
      'expected a mask that broadcasts to [2, 3, 3], got [2, 3]',
    )
    expect(() => scaledDotProductAttention(q, q, q, { mask: ones([3, 3], { dtype: 'float64' }) })).toThrow(
      'expected a mask of bool or float32, got float64 of [3, 3]',
    )
    const ids = ones([2, 3], { dtype: 'int32' })
    expect(() => scaledDotProductAttention(ids, ids, ids)).toThrow('expected float32 or float64, got int32')
    expect(() => scaledDotProductAttention(q, q, q, { dropoutP: 2 })).toThrow(
      'expected dropoutP to be in [0, 1], got 2',
    )
    expect(() => scaledDotProductAttention(q, q, q, { isCausal: true } as never)).toThrow('got isCausal')
  })
})

describe('MultiheadAttention', () => {
  it('begins as PyTorch does', () => {
    manualSeed(1)
    const layer = new nn.MultiheadAttention(16, 4)
    const bound = Math.sqrt(6 / (16 + 48))
    const largest = Math.max(...layer.inProjWeight.data.map(Math.abs))
    expect(largest).toBeLessThanOrEqual(bound)
    expect(largest).toBeGreaterThan(0.9 * bound)
    expect([...(layer.inProjBias?.data ?? []), ...(layer.outProj.bias?.data ?? [])].every(x => x === 0)).toBe(true)
  })

  it('drops weights while it is trained only', () => {
    manualSeed(1)
    const layer = new nn.MultiheadAttention(4, 2, { dropout: 0.5, batchFirst: true })
    const x = randn([2, 5, 4])
    const first = layer.forward(x)
    expect(layer.forward(x).toArray()).not.toEqual(first.toArray())
    layer.eval()
    expect(layer.forward(x).toArray()).toEqual(layer.forward(x, x, x).toArray())
  })

  it('names what is wrong', () => {
    expect(() => new nn.MultiheadAttention(6, 4)).toThrow(
      'MultiheadAttention: expected embedDim to be a multiple of numHeads, got 6 and 4',
    )
    const layer = new nn.MultiheadAttention(6, 2, { batchFirst: true })
    const x = ones([2, 3, 6])
    expect(() => layer.forward(ones([2, 3, 5]))).toThrow('expected query [batch, time, 6] or [time, 6], got [2, 3, 5]')
    expect(() => layer.forward(x, ones([3, 6]))).toThrow('as many keys as values, got [2, 3, 6], [1, 3, 6], [1, 3, 6]')
    expect(() => layer.forward(x, x, x, { attnMask: ones([3]) })).toThrow(
      'expected attnMask of shape [3, 3] or [4, 3, 3], got [3]',
    )
    expect(() => layer.forward(x, x, x, { keyPaddingMask: ones([3]) })).toThrow(
      'expected keyPaddingMask of shape [2, 3], got [3]',
    )
  })
})

describe('TransformerEncoder', () => {
  it('has copies of its layer, which train apart', () => {
    const layer = new nn.TransformerEncoderLayer(4, 2, { dimFeedforward: 8 })
    const encoder = new nn.TransformerEncoder(layer, 2)
    expect(encoder.layers[0].linear1.weight.toArray()).toEqual(layer.linear1.weight.toArray())
    expect(encoder.layers[0].linear1.weight.storage).not.toBe(encoder.layers[1].linear1.weight.storage)
    expect(encoder.parameters().length).toBe(2 * layer.parameters().length)
    expect(() => new nn.TransformerEncoder({} as never, 2)).toThrow(
      'TransformerEncoder: expected a TransformerEncoderLayer, got Object',
    )
  })

  it.each(['float32', 'float64'] as const)('trains compiled as it does eager, dropout and all, in %s', dtype => {
    const losses = (isCompiled: boolean): number[] => {
      manualSeed(7)
      const options = { dimFeedforward: 16, dropout: 0.2, batchFirst: true, normFirst: true, dtype } as const
      const model = new nn.TransformerEncoder(new nn.TransformerEncoderLayer(8, 2, options), 2)
      const optimizer = new optim.AdamW(model.parameters(), { lr: 1e-2 })
      const x = randn([3, 5, 8], { dtype })
      const step = (input: Tensor): Tensor => {
        optimizer.zeroGrad()
        const loss = nn.functional.mseLoss(model.forward(input, { causal: true }), input)
        loss.backward()
        optimizer.step()
        return loss
      }
      const run = isCompiled ? compile(step).sync : step
      return Array.from({ length: 4 }, () => run(x).item())
    }
    const [eager, compiled] = [losses(false), losses(true)]
    expect(eager[3]).not.toBe(eager[0])
    for (const [i, loss] of eager.entries()) expect(compiled[i]).toBeCloseTo(loss, dtype === 'float64' ? 10 : 4)
  })
})
