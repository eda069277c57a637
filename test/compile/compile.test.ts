// What a compiled step means, point by point, run in place on each backend: what is recorded, and when again.

import { describe, expect } from 'vitest'
import { compile } from '../../lib/compile/compile.js'
import * as bg from '../../lib/index.js'
import { nn, optim, Tensor, tensor } from '../../lib/index.js'
import { backendsUnderTest } from '../support/backends.js'
import { expectClose } from '../support/close.js'
import { ids, network, testsOn, x } from './support/on-backend.js'

const weights = (model: nn.Module): number[] => model.parameters().flatMap(p => [...p.data])

describe.each(backendsUnderTest)('on %s', backend => {
  const on = testsOn(backend)

  describe.each([true, false])('fusion %s', fusion => {
    on('trains as the eager loop does', () => {
      const eager = network()
      const eagerOptimizer = new optim.Adam(eager.parameters(), { lr: 0.05 })
      const losses: number[] = []
      for (let i = 0; i < 30; i++) {
        eagerOptimizer.zeroGrad()
        const loss = nn.functional.crossEntropy(eager.forward(tensor(x)), ids())
        loss.backward()
        eagerOptimizer.step()
        losses.push(loss.item())
      }
      const model = network()
      const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 })
      const step = compile(
        (a: Tensor, y: Tensor) => {
          optimizer.zeroGrad()
          const loss = nn.functional.crossEntropy(model.forward(a), y)
          loss.backward()
          optimizer.step()
          return loss
        },
        { fusion },
      )
      const compiled = losses.map(() => step.sync(tensor(x), ids()).item())
      if (fusion) expectClose(compiled, losses, { relative: 1e-4, absolute: 1e-5 }, 'losses')
      else expect(compiled).toEqual(losses)
      if (!fusion) expect(weights(model)).toEqual(weights(eager))
    })
  })

  on('recording computes nothing and an update applies once', () => {
    const w = new Tensor([1, 2])
    const optimizer = new optim.SGD([w], { lr: 0.5 })
    let runs = 0
    const step = compile((a: Tensor) => {
      runs++
      optimizer.zeroGrad()
      const loss = w.mul(a).sum()
      loss.backward()
      optimizer.step()
      return loss
    })
    expect(step.sync(tensor([1, 1])).item()).toBe(3)
    expect(w.toArray()).toEqual([0.5, 1.5])
    expect(step.sync(tensor([2, 0])).item()).toBe(1)
    expect(w.toArray()).toEqual([-0.5, 1.5])
    expect(runs).toBe(1)
  })

  on('a throw while recording changes nothing', () => {
    const w = new Tensor([1, 2])
    w.grad = tensor([7, 7])
    const { version } = w.storage
    const state = bg.getRandomState()
    const optimizer = new optim.SGD([w], { lr: 0.5 })
    const step = compile(() => {
      optimizer.zeroGrad()
      w.mul(bg.rand([2]))
        .sum()
        .backward()
      optimizer.step()
      throw new Error('inside')
    })
    expect(() => step.sync()).toThrow('inside')
    expect(w.toArray()).toEqual([1, 2])
    expect(w.grad?.toArray()).toEqual([7, 7])
    expect(w.storage.version).toBe(version)
    expect(bg.getRandomState()).toEqual(state)
    expect(w.mul(2).toArray()).toEqual([2, 4])
  })

  on('what is read from outside must be an argument, state or named', () => {
    const outside = tensor([1, 2])
    const step = compile((a: Tensor) => a.mul(outside))
    expect(() => step.sync(tensor([3, 4]))).toThrow('neither an argument nor state')
    const named = compile((a: Tensor) => a.mul(outside), { captures: [outside] })
    expect(named.sync(tensor([3, 4])).toArray()).toEqual([3, 8])
    outside.assign([10, 10])
    expect(named.sync(tensor([3, 4])).toArray()).toEqual([30, 40])
    const large = compile(() => tensor(new Float32Array(100_000)).sum())
    expect(() => large.sync()).toThrow('a constant of 100000 elements')
  })

  on(
    'arguments: trees of tensors; numbers change without recording; strings are part of the key; none is written',
    () => {
      let runs = 0
      const step = compile((batch: { a: Tensor; more: [Tensor, Tensor] }, mode: string) => {
        runs++
        const y = batch.a.add(batch.more[0]).mul(batch.more[1])
        return mode === 'neg' ? { y: y.neg() } : { y }
      })
      const call = (scale: number, mode: string): unknown =>
        step.sync({ a: tensor([1, 2]), more: [tensor([1, 1]), scale] }, mode).y.toArray()
      expect([call(2, 'pos'), call(3, 'pos'), call(3, 'neg')]).toEqual([
        [4, 6],
        [6, 9],
        [-6, -9],
      ])
      expect(runs).toBe(2)
      const writes = compile((a: Tensor) => a.assign([0, 0]))
      expect(() => writes.sync(tensor([1, 2]))).toThrow('arguments are read-only')
      expect(() => step.sync(new Map() as never, 'pos')).toThrow('compile: expected tensors')
    },
  )

  on('shapes that change record again, and give the right results', () => {
    const step = compile((a: Tensor) => a.mul(a).sum())
    expect(step.sync(tensor([1, 2])).item()).toBe(5)
    expect(step.sync(tensor([1, 2, 3])).item()).toBe(14)
    expect(step.sync(tensor([[2]])).item()).toBe(4)
  })

  on('guards: training mode, requiresGrad', () => {
    class Noisy extends nn.Module {
      forward(a: Tensor): Tensor {
        return this.training ? a.mul(2) : a
      }
    }
    const module = new Noisy()
    const step = compile((a: Tensor) => module.forward(a))
    expect(step.sync(tensor([1])).item()).toBe(2)
    module.eval()
    expect(step.sync(tensor([1])).item()).toBe(1)
    module.train()
    expect(step.sync(tensor([1])).item()).toBe(2)

    const [w, v] = [new Tensor([1]), new Tensor([1])]
    const optimizer = new optim.SGD([w, v], { lr: 1 })
    const train = compile(() => {
      optimizer.zeroGrad()
      const loss = w.add(v.mul(2)).sum()
      loss.backward()
      optimizer.step()
      return loss
    })
    train.sync()
    v.requiresGrad = false
    train.sync()
    expect([w.item(), v.item()]).toEqual([-1, -1])
  })

  on('a changed learning rate, momentum and loaded weights are seen', () => {
    const model = network()
    const saved = Object.fromEntries(Object.entries(model.stateDict()).map(([name, t]) => [name, t.clone()]))
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 })
    const step = compile((a: Tensor, y: Tensor) => {
      optimizer.zeroGrad()
      const loss = nn.functional.crossEntropy(model.forward(a), y)
      loss.backward()
      optimizer.step()
      return loss
    })
    const first = step.sync(tensor(x), ids()).item()
    step.sync(tensor(x), ids())
    optimizer.lr = 0
    const resting = step.sync(tensor(x), ids()).item()
    expect(step.sync(tensor(x), ids()).item()).toBe(resting)
    model.loadStateDict(saved)
    expect(step.sync(tensor(x), ids()).item()).toBe(first)
    optimizer.lr = 0.1
    for (const group of optimizer.paramGroups) group.momentum = 0.9
    step.sync(tensor(x), ids())
    const state = optimizer.stateDict().state
    expect(Object.keys(state).some(name => name.endsWith('velocity'))).toBe(true)
    expect(Object.values(state).some(t => t.data.some(value => value !== 0))).toBe(true)
  })
})
