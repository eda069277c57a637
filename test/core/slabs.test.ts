// Small results share slabs of memory, which nobody can tell: a view shows, and a transfer takes, one tensor's elements.

import { describe, expect, test } from 'vitest'
import { compile, ones, optim, Tensor, tensor } from '../../lib/index.js'
import { backendsUnderTest, onBackend } from '../support/backends.js'

const counted = (length: number): Tensor => tensor(Float32Array.from({ length }, (_, i) => i))

describe.each(backendsUnderTest)('on %s', backend => {
  const on = (name: string, run: () => void): void => test(name, () => onBackend(backend, run))

  on('results are adjacent until a view is taken', () => {
    const a = counted(100)
    const [b, c] = [a.add(1), a.add(2)]
    expect(b.storage.memory.buffer).toBe(c.storage.memory.buffer)
    expect(b.data.buffer.byteLength).toBe(400)
    expect(b.data.buffer).not.toBe(c.storage.memory.buffer)
    expect(Array.from(c.data.subarray(0, 3))).toEqual([2, 3, 4])
  })

  on('a view is the tensor’s own, the same each time, and what is written there counts', () => {
    const a = counted(20).add(0)
    const same = a.reshape([4, 5])
    const view = a.data
    expect(a.data).toBe(view)
    expect(same.data).toBe(view)
    view[3] = 77
    expect(same.toArray()).toEqual([
      [0, 1, 2, 77, 4],
      [5, 6, 7, 8, 9],
      [10, 11, 12, 13, 14],
      [15, 16, 17, 18, 19],
    ])
  })

  on('a transfer takes one tensor’s elements away, not its neighbours’', () => {
    const tensors = Array.from({ length: 30 }, (_, i) => ones([17 + i]).mul(i))
    const { buffer } = tensors[10].data
    structuredClone(buffer, { transfer: [buffer as ArrayBuffer] })
    expect(() => tensors[10].add(1)).toThrow()
    tensors.forEach((t, i) => {
      if (i !== 10) expect(t.add(1).sum().item()).toBe((17 + i) * (i + 1))
    })
  })

  on('lengths up to the largest and beyond, in every type, keep to themselves', () => {
    const made = [16, 17, 100, 255, 256, 257, 1000].flatMap(length =>
      (['float32', 'float64', 'int32', 'uint8'] as const).map(dtype => ones([length]).to(dtype)),
    )
    for (const t of made) t.storage.memory.fill(3)
    for (const t of made) expect(t.sum().item()).toBe(3 * t.size)
  })

  on('a result that becomes a parameter is state from then on', () => {
    const w = counted(30).mul(0.1)
    w.requiresGrad = true
    const optimizer = new optim.SGD([w], { lr: 1 })
    const step = compile((x: Tensor) => {
      optimizer.zeroGrad()
      w.mul(x).sum().backward()
      optimizer.step()
      return w.sum()
    })
    const before = w.sum().item()
    expect(step.sync(ones([30])).item()).toBeCloseTo(before - 30, 3)
    expect(w.data[0]).toBeCloseTo(-1)
    expect(step.sync(ones([30])).item()).toBeCloseTo(before - 60, 3)
    expect(w.data[0]).toBeCloseTo(-2)
  })

  on('a capture is read where it is, also after a view was taken of it', () => {
    const c = counted(30).add(0)
    const step = compile((x: Tensor) => x.add(c).sum(), { captures: [c] })
    const zero = ones([30]).mul(0)
    expect(step.sync(zero).item()).toBe(435)
    c.data[0] = 5
    expect(step.sync(zero).item()).toBe(440)
  })

  on('leaves made of small arrays accumulate and are seen as they are', () => {
    const w = new Tensor(Float32Array.from({ length: 40 }, () => 2))
    w.mul(w).sum().backward()
    w.mul(w).sum().backward()
    expect(w.grad?.data[39]).toBe(8)
    expect(w.grad?.data.buffer.byteLength).toBe(160)
  })
})
