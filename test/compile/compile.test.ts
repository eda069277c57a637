// What a compiled step means, point by point, run in place on each backend.

import { describe, expect, test } from 'vitest'
import { compile } from '../../lib/compile/compile.js'
import { context } from '../../lib/context.js'
import * as bg from '../../lib/index.js'
import { grad, nn, optim, Tensor, tensor } from '../../lib/index.js'
import { backendsUnderTest } from '../support/backends.js'
import { expectClose } from '../support/close.js'

const x = [
  [1, 2],
  [3, -4],
  [0.5, 1],
]
const ids = (): Tensor => tensor(Int32Array.of(0, 1, 1))

function network(seed = 1) {
  bg.manualSeed(seed)
  return new nn.Sequential(new nn.Linear(2, 8), new nn.ReLU(), new nn.Linear(8, 2))
}

const weights = (model: nn.Module): number[] => model.parameters().flatMap(p => [...p.data])

describe.each(backendsUnderTest)('on %s', backend => {
  const before = context.active
  const on = (name: string, run: () => void): void =>
    test(name, () => {
      bg.setBackend(backend)
      try {
        run()
      } finally {
        context.active = before
      }
    })

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
      const step = compile((batch: { a: Tensor; more: [Tensor, number] }, mode: string) => {
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
