// Steps called without waiting: their order, what is busy meanwhile, their errors.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compile } from '../../lib/compile/compile.js'
import { idle } from '../../lib/compile/queue.js'
import * as bg from '../../lib/index.js'
import { nn, optim, Tensor, tensor } from '../../lib/index.js'
import { backendsUnderTest } from '../support/backends.js'
import { affine } from './support/affine.js'

const parameter = (values: number[]): nn.Parameter => new nn.Parameter(values)

const busy = expect.objectContaining({ code: 'BUSY' })

describe.each(backendsUnderTest)('on %s', backend => {
  const before = bg.getBackend()
  beforeAll(() => bg.setBackend(backend))
  afterAll(() => bg.setBackend(before))

  test('in the order of the calls, whatever they share; results stay', async () => {
    const w = parameter([1])
    const [first, second] = [affine(w), affine(w)]
    const results = await Promise.all([
      first(tensor([2]), tensor([1])),
      second(tensor([10]), tensor([0])),
      first(tensor([3]), tensor([1])),
      second(tensor([1]), tensor([5])),
    ])
    expect(results.map(r => r.item())).toEqual([1, 3, 30, 91])
    expect(w.item()).toBe(96)
    await first(tensor([0]), tensor([0]))
    expect(results.map(r => r.item())).toEqual([1, 3, 30, 91])
    expect(results.some(r => r.requiresGrad)).toBe(false)
  })

  test('trains as in place does, the generator included', async () => {
    const train = async (later: boolean): Promise<unknown> => {
      bg.manualSeed(3)
      const model = new nn.Sequential(new nn.Linear(4, 16), new nn.ReLU(), new nn.Linear(16, 3))
      const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 })
      const step = compile((x: Tensor, y: Tensor) => {
        optimizer.zeroGrad()
        const noisy = x.add(bg.rand([6, 4]))
        const loss = nn.functional.crossEntropy(model.forward(noisy), y)
        loss.backward()
        optimizer.step()
        return loss
      })
      const x = bg.rand([6, 4])
      const y = tensor(Int32Array.of(0, 1, 2, 0, 1, 2))
      const losses: Promise<Tensor>[] = []
      for (let i = 0; i < 20; i++) losses.push(later ? step(x, y) : Promise.resolve(step.sync(x, y)))
      const values = (await Promise.all(losses)).map(loss => loss.item())
      return [values, model.parameters().map(p => p.toArray()), bg.rand([2]).toArray()]
    }
    expect(await train(true)).toEqual(await train(false))
  })

  test('arguments are copied at the call', async () => {
    const w = parameter([1])
    const step = affine(w)
    const [a, b] = [tensor([2]), tensor([1])]
    const calls = [step(a, b), step(a, b)]
    a.assign([100])
    b.data[0] = 100
    await Promise.all(calls)
    expect(w.item()).toBe(7)
  })

  test('gradients that a step leaves are seen by the next, also where both were called at once', async () => {
    const w = parameter([1, 2])
    const accumulate = compile((a: Tensor) => {
      const loss = w.mul(a).sum()
      loss.backward()
      return loss
    })
    await Promise.all([1, 2, 3, 4].map(() => accumulate(tensor([1, 10]))))
    expect(w.grad?.toArray()).toEqual([4, 40])
    const optimizer = new optim.SGD([w], { lr: 1 })
    const use = compile(() => {
      optimizer.step()
      return w.mul(1)
    })
    await Promise.all([accumulate(tensor([1, 10])), use()])
    expect(w.toArray()).toEqual([-4, -48])
    expect(w.grad?.toArray()).toEqual([5, 50])
  })

  test('state in use is busy; afterwards it is not', async () => {
    const model = new nn.Linear(3, 2)
    const { weight } = model
    const optimizer = new optim.Adam(model.parameters())
    const step = compile((x: Tensor) => {
      optimizer.zeroGrad()
      const loss = model.forward(x.add(bg.rand([1, 3]))).sum()
      loss.backward()
      optimizer.step()
      return loss
    })
    const x = bg.ones([4, 3])
    weight.grad = bg.ones([2, 3])
    const running = step(x)
    const uses: (() => unknown)[] = [
      () => weight.data,
      () => weight.toArray(),
      () => weight.detach().reshape([6]).toArray(),
      () => model.bias?.sum().item(),
      () => weight.assign(bg.zeros([2, 3])),
      () => weight.mul(2),
      () => model.forward(x),
      () => weight.zeroGrad(),
      () => Object.assign(weight, { grad: null }),
      () => step.sync(x),
      () => step.into(bg.zeros([]), x),
      () => optimizer.step(),
      () => Object.assign(optimizer, { lr: 0.5 }),
      () => bg.rand([3]),
      () => bg.manualSeed(1),
    ]
    for (const use of uses) expect(use).toThrow(busy)
    expect(() => weight.mul(2)).toThrow('mul: expected elements that no step on its way uses')
    expect(() => weight.data).toThrow('data: expected elements that no step on its way uses')
    expect(String(weight)).toBe('Tensor(<busy>, shape=[2, 3], dtype=float32)')
    expect(optimizer.lr).toBe(0.001)
    expect(x.mul(2).sum().item()).toBe(24)
    await running
    expect(weight.mul(2).shape).toEqual([2, 3])
  })

  test('errors reject, and what was called after goes on', async () => {
    const table = new nn.Parameter(bg.zeros([2, 2]))
    const step = compile((rows: Tensor) => {
      const found = bg.embedding(table, rows)
      table.assign(table.add(1))
      return found
    })
    const calls = [[0], [9], [1]].map(ids => step(tensor(Int32Array.from(ids))))
    const [good, bad, last] = await Promise.allSettled(calls)
    expect(good.status).toBe('fulfilled')
    expect(bad).toMatchObject({
      status: 'rejected',
      reason: { code: 'INDEX', message: expect.stringContaining('index 9 at position 0') },
    })
    expect(last.status === 'fulfilled' && last.value.toArray()).toEqual([[1, 1]])
    expect(table.toArray()).toEqual([
      [2, 2],
      [2, 2],
    ])
    await expect(step(new Map() as never)).rejects.toThrow('compile: expected tensors')
    const throwing = compile((): Tensor => {
      throw new Error('inside')
    })
    await expect(throwing()).rejects.toThrow('inside')
    expect(() => compile(() => step(tensor([0])) as never).sync()).toThrow('got step(…), a promise')
  })

  test('idle waits for all of them', async () => {
    await idle()
    const w = parameter([1])
    const step = affine(w)
    let over = 0
    for (let i = 0; i < 5; i++) {
      step(tensor([1]), tensor([1])).then(() => {
        over++
      })
    }
    await idle()
    expect(w.item()).toBe(6)
    await Promise.resolve()
    expect(over).toBe(5)
  })

  test('memory that can be detached: detached or not, nothing is lost', async () => {
    const w = new Tensor(new Float32Array(100).fill(1))
    const step = affine(w)
    const one = bg.ones([1])
    await step(one, one)
    expect(w.data[99]).toBe(2)
    const call = step(one, one)
    const data = backend === 'native' ? w.data : undefined
    await call
    expect(w.data[99]).toBe(3)
    if (data !== undefined) {
      structuredClone(data, { transfer: [data.buffer as ArrayBuffer] })
      await expect(step(one, one)).rejects.toThrow('expected the arrays of its state where they were')
    }
  })

  test('a call in a queue holds for the mode that it was made in', async () => {
    class Moded extends nn.Module {
      readonly weight = parameter([1])
      forward(x: Tensor): Tensor {
        return this.training ? x.mul(this.weight) : x.add(this.weight)
      }
    }
    const model = new Moded()
    const step = compile((x: Tensor) => model.forward(x))
    const calls = [step(tensor([5])), step(tensor([5]))]
    model.eval()
    calls.push(step(tensor([5])))
    model.train()
    expect((await Promise.all(calls)).map(r => r.item())).toEqual([5, 5, 6])
  })

  test('into writes the results where it is told', () => {
    const w = parameter([1, 2])
    const step = compile((a: Tensor) => ({ y: w.mul(a), more: [a.sum()] }))
    const outs = { y: bg.zeros([2]), more: [bg.zeros([])] }
    const { version } = outs.y.storage
    expect(step.into(outs, tensor([3, 4]))).toBe(outs)
    expect([outs.y.toArray(), outs.more[0].item()]).toEqual([[3, 8], 7])
    expect(outs.y.storage.version).toBeGreaterThan(version)
    const wrong: [unknown, string][] = [
      [{ y: bg.zeros([3]), more: [bg.zeros([])] }, 'got [{"y":float32[3],"more":[float32[]]}]'],
      [{ y: bg.zeros([2], { dtype: 'float64' }), more: [bg.zeros([])] }, 'float64[2]'],
      [bg.zeros([2]), 'into: expected results like {"y":float32[2],"more":[float32[]]}, got float32[2]'],
      [{ y: 3, more: [bg.zeros([])] }, 'got {"y":#'],
    ]
    for (const [outs, message] of wrong) {
      expect(() => step.into(outs as never, tensor([3, 4]))).toThrow(message.replace(/\[\{(.*)\}\]$/, '{$1}'))
    }
    expect(() => compile((a: Tensor) => step.into({} as never, a)).sync(tensor([3, 4]))).toThrow('got step.into')
  })
})
