// What a compiled step leaves behind, on each backend: gradients, results, random numbers, errors.

import { describe, expect } from 'vitest'
import { compile } from '../../lib/compile/compile.js'
import * as bg from '../../lib/index.js'
import { grad, nn, optim, Tensor, tensor } from '../../lib/index.js'
import { backendsUnderTest } from '../support/backends.js'
import { expectClose } from '../support/close.js'
import { ids, network, testsOn, x } from './support/on-backend.js'

describe.each(backendsUnderTest)('on %s', backend => {
  const on = testsOn(backend)

  on('gradients that are left accumulate over calls; used ones say so; keepGrads keeps them', () => {
    const w = new Tensor([1, 2])
    const accumulate = compile((a: Tensor) => {
      const loss = w.mul(a).sum()
      loss.backward()
      return loss
    })
    for (let i = 0; i < 4; i++) accumulate.sync(tensor([1, 10]))
    expect(w.grad?.toArray()).toEqual([4, 40])
    w.zeroGrad()
    accumulate.sync(tensor([1, 10]))
    expect(w.grad?.toArray()).toEqual([1, 10])

    // What eager code leaves there is added to as well, also in the place of what was there.
    w.grad = tensor([100, 100])
    accumulate.sync(tensor([1, 10]))
    expect(w.grad?.toArray()).toEqual([101, 110])
    w.zeroGrad()
    w.mul(2).sum().backward()
    accumulate.sync(tensor([1, 10]))
    expect(w.grad?.toArray()).toEqual([3, 12])

    const optimizer = new optim.SGD([w], { lr: 0.1 })
    const body = (): Tensor => {
      optimizer.zeroGrad()
      const loss = w.sum()
      loss.backward()
      optimizer.step()
      return loss
    }
    compile(body).sync()
    expect(() => w.grad).toThrow('keepGrads: true')
    w.zeroGrad()
    expect(w.grad).toBeNull()
    compile(body, { keepGrads: true }).sync()
    expect(w.grad?.toArray()).toEqual([1, 1])
  })

  on('results are fresh and detached; something else throws', () => {
    const w = new Tensor([1, 2])
    const step = compile(() => [w.mul(2), w])
    const [first, own] = step.sync()
    const [second] = step.sync()
    expect(first.storage).not.toBe(second.storage)
    expect(own.storage).not.toBe(w.storage)
    expect([first.requiresGrad, own.requiresGrad]).toEqual([false, false])
    expect(() => compile((() => 3) as never).sync()).toThrow('compile: expected the function to return tensors, got 3')
    expect(() => compile(async () => w).sync()).toThrow('compile: expected a synchronous function')
  })

  on('random numbers are those that eager draws', () => {
    bg.manualSeed(5)
    const eager = [bg.rand([5]), bg.randn([3]), bg.rand([5]), bg.randn([3])].map(t => t.toArray())
    bg.manualSeed(5)
    const step = compile(() => [bg.rand([5]), bg.randn([3])])
    const compiled = [...step.sync(), ...step.sync()].map(t => t.toArray())
    expect(compiled).toEqual(eager)
    expect(bg.getRandomState()[2]).toBe(6)
  })

  on('values cannot be read inside', () => {
    const w = new Tensor([1, 2])
    for (const read of [() => w.data, () => w.sum().item(), () => w.mul(2).toArray()]) {
      expect(() =>
        compile(() => {
          read()
          return w
        }).sync(),
      ).toThrow('values cannot be read while a step is compiled')
    }
    let shown = ''
    compile(() => {
      shown = String(w.mul(2))
      return w
    }).sync()
    expect(shown).toBe('Tensor(<recording>, shape=[2], dtype=float32)')
  })

  on('a bad id gives the eager error, and nothing was written', () => {
    const table = new Tensor([
      [1, 2],
      [3, 4],
    ])
    const optimizer = new optim.SGD([table], { lr: 1 })
    const step = compile((rows: Tensor) => {
      optimizer.zeroGrad()
      const loss = bg.embedding(table, rows).sum()
      loss.backward()
      optimizer.step()
      return loss
    })
    step.sync(tensor(Int32Array.of(0, 1)))
    expect(() => step.sync(tensor(Int32Array.of(0, 9)))).toThrow(
      'embedding: index 9 at position 1 is out of range for 2 rows',
    )
    expect(table.toArray()).toEqual([
      [0, 1],
      [2, 3],
    ])
  })

  on('a step within a step is part of it; noGrad and grad work inside', () => {
    const w = new Tensor([2])
    const inner = compile((a: Tensor) => a.mul(w))
    const step = compile((a: Tensor) => {
      const y = inner.sync(a).pow(2).sum()
      const first = grad(y, w, { createGraph: true })
      return { first, second: grad(first.sum(), w), plain: bg.noGrad(() => w.mul(3)) }
    })
    const { first, second, plain } = step.sync(tensor([3]))
    expect([first.item(), second.item(), plain.item()]).toEqual([36, 18, 6])
  })

  on('two steps share a model', () => {
    const model = network()
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.5 })
    const train = compile((a: Tensor, y: Tensor) => {
      optimizer.zeroGrad()
      const loss = nn.functional.crossEntropy(model.forward(a), y)
      loss.backward()
      optimizer.step()
      return loss
    })
    const predict = compile((a: Tensor) => model.forward(a))
    const before = predict.sync(tensor(x)).toArray()
    train.sync(tensor(x), ids())
    const after = predict.sync(tensor(x))
    expect(after.toArray()).not.toEqual(before)
    expectClose(after.data, model.forward(tensor(x)).data, { relative: 1e-5, absolute: 1e-6 }, 'predictions')
  })

  on('explain prints the program', () => {
    const step = compile((a: Tensor) => a.mul(2).add(1).relu().sum())
    const text = step.explain(tensor([1, 2, 3]))
    expect(text).toContain('relu')
    expect(text).toMatch(/bytes/)
  })
})
