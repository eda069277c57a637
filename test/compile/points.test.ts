// The finer points of what a compiled step means: what is part of a program's key, what guards it, what a run leaves.

import { afterEach, describe, expect, test } from 'vitest'
import { compile } from '../../lib/compile/compile.js'
import { newestStorage } from '../../lib/core/storage.js'
import * as bg from '../../lib/index.js'
import { nn, optim, Tensor, tensor } from '../../lib/index.js'
import { backendsUnderTest } from '../support/backends.js'
import { counted } from './support/counted.js'
import { ids, network, testsOn, x } from './support/on-backend.js'

describe.each(backendsUnderTest)('on %s', backend => {
  const on = testsOn(backend)

  on('dtypes, booleans, null, names and the number of arguments are part of the key', () => {
    const { step, runs } = counted((a: Tensor, b?: Tensor | boolean | null | Record<string, Tensor>): Tensor => {
      if (b === undefined) return a
      if (b === null) return a.neg()
      if (typeof b === 'boolean') return b ? a.mul(2) : a.mul(3)
      if (b instanceof Tensor) return a.add(b)
      return 'p' in b ? a.sub(b.p) : a.add(b.q)
    })
    const a = tensor([4])
    const double = tensor([4], { dtype: 'float64' })
    const calls: [unknown[], number, string][] = [
      [[a], 4, 'float32'],
      [[double], 4, 'float64'],
      [[a, a], 8, 'float32'],
      [[a, double], 8, 'float64'],
      [[double, double], 8, 'float64'],
      [[a, 1], 5, 'float32'],
      [[a, true], 8, 'float32'],
      [[a, false], 12, 'float32'],
      [[a, null], -4, 'float32'],
      [[a, { p: a }], 0, 'float32'],
      [[a, { q: a }], 8, 'float32'],
    ]
    for (let round = 0; round < 2; round++) {
      for (const [args, value, dtype] of calls) {
        const result = step.sync(...(args as Parameters<typeof step.sync>))
        expect([result.item(), result.dtype]).toEqual([value, dtype])
      }
    }
    // Right after one another, where the second is like the first but shorter.
    expect([step.sync(a, a).item(), step.sync(a).item()]).toEqual([8, 4])
    expect(runs()).toBe(calls.length)
  })

  on('gradient mode and backend are part of the key', () => {
    const w = new nn.Parameter([1])
    const { step, runs } = counted((a: Tensor) => (a.mul(w).requiresGrad ? a.mul(2) : a.mul(3)))
    const a = tensor([1])
    const both = (): number[] => [step.sync(a).item(), bg.noGrad(() => step.sync(a)).item()]
    expect([...both(), ...both()]).toEqual([2, 3, 2, 3])
    expect(runs()).toBe(2)
    for (const other of backendsUnderTest) {
      bg.setBackend(other)
      both()
    }
    bg.setBackend(backend)
    expect([...both(), runs()]).toEqual([2, 3, 2 * backendsUnderTest.length])
  })

  on('a group that is added is trained', () => {
    const [w, v] = [new nn.Parameter([1]), new nn.Parameter([1])]
    const optimizer = new optim.SGD([w], { lr: 1 })
    const step = compile(() => {
      const loss = w.add(v).sum()
      loss.backward()
      optimizer.step()
      w.zeroGrad()
      v.zeroGrad()
      return loss
    })
    step.sync()
    optimizer.addParamGroup({ params: [v], lr: 2 })
    step.sync()
    expect([w.item(), v.item()]).toEqual([-1, -1])
  })

  on('what a module is found to hold is a guard', () => {
    const model = network()
    class Two extends nn.Module {
      head: nn.Module = new nn.Linear(2, 2)
      readonly extra: nn.Module[] = []
      forward(a: Tensor): Tensor {
        const count = this.modules().length
        return a.mul(count)
      }
    }
    const two = new Two()
    const norms = compile(() => {
      const total = model.parameters().reduce((sum, p) => sum.add(p.pow(2).sum()), tensor(0))
      return two.parameters().reduce((sum, p) => sum.add(p.pow(2).sum()), total)
    })
    const eager = (): number =>
      [...model.parameters(), ...two.parameters()].reduce((sum, p) => sum + p.pow(2).sum().item(), 0)
    expect(norms.sync().item()).toBeCloseTo(eager(), 3)
    two.head = new nn.Linear(2, 3)
    expect(norms.sync().item()).toBeCloseTo(eager(), 3)
    const counts = compile((a: Tensor) => two.forward(a))
    expect(counts.sync(tensor([1])).item()).toBe(2)
    two.extra.push(new nn.ReLU())
    expect(counts.sync(tensor([1])).item()).toBe(3)
  })

  on('a run raises the versions of what it writes: backward through a value that it changed says so', () => {
    const w = new nn.Parameter([1, 2])
    const double = compile(() => w.assign(w.mul(2)).sum())
    double.sync()
    const y = w.mul(w).sum()
    double.sync()
    expect(() => y.backward()).toThrow('a value saved for backward was changed in place')
    const z = w.mul(w).sum()
    compile(() => w.sum()).sync()
    z.backward()
    expect(w.grad?.toArray()).toEqual([8, 16])
  })

  on('a gradient that is set anew after a step is there', () => {
    const w = new nn.Parameter([1])
    const optimizer = new optim.SGD([w], { lr: 1 })
    const step = compile(() => {
      optimizer.zeroGrad()
      w.mul(3).sum().backward()
      optimizer.step()
      optimizer.zeroGrad()
      const loss = w.mul(5).sum()
      loss.backward()
      return loss
    })
    for (let i = 1; i <= 2; i++) {
      expect(step.sync().item()).toBe(5 * (1 - 3 * i))
      expect(w.grad?.toArray()).toEqual([5])
    }
  })

  on('backward on a result says why not', () => {
    const w = new nn.Parameter([1])
    const result = compile(() => w.mul(2).sum()).sync()
    expect(() => result.backward()).toThrow('what a compiled step gives is outside the graph')
  })

  on('numbers drawn in vain are drawn, equal draws differ', () => {
    const body = (): Tensor[] => {
      bg.rand([5])
      const [first, second] = [bg.rand([6]), bg.rand([6])]
      bg.randn([9]).mul(2)
      return [first, second]
    }
    bg.manualSeed(4)
    const eager = [...body(), ...body()].map(t => t.toArray())
    const after = bg.getRandomState()
    bg.manualSeed(4)
    const step = compile(body)
    expect([...step.sync(), ...step.sync()].map(t => t.toArray())).toEqual(eager)
    expect(bg.getRandomState()).toEqual(after)
    expect(eager[0]).not.toEqual(eager[1])
  })

  on('a step makes its results and no other tensor, memory or gradient', () => {
    const model = network()
    const optimizer = new optim.Adam(model.parameters())
    const step = compile((a: Tensor, y: Tensor) => {
      optimizer.zeroGrad()
      const loss = nn.functional.crossEntropy(model.forward(a), y)
      loss.backward()
      optimizer.step()
      return { loss, twice: loss.mul(2) }
    })
    const args = [tensor(x), ids()] as const
    const outs = step.sync(...args)
    const before = newestStorage()
    for (let i = 0; i < 10; i++) step.sync(...args)
    expect(newestStorage() - before).toBe(20)
    for (let i = 0; i < 10; i++) step.into(outs, ...args)
    expect(newestStorage() - before).toBe(20)
  })

  on('what would happen once and not at each run is refused', () => {
    const w = new nn.Parameter([1])
    const optimizer = new optim.SGD([w], { lr: 0.1 })
    const state = bg.getRandomState()
    const refused: [() => unknown, string][] = [
      [() => new optim.SGD([w], { lr: 0.1, momentum: 0.9 }).step(), 'making an optimizer'],
      [() => Object.assign(optimizer, { lr: 0.2 }), 'SGD: a change of settings'],
      [() => Object.assign(optimizer.paramGroups[0], { momentum: 0.5 }), 'SGD: a change of settings'],
      [() => bg.manualSeed(1), 'manualSeed'],
      [() => bg.setRandomState(state), 'setRandomState'],
    ]
    for (const [act, what] of refused) {
      const step = compile(() => {
        act()
        return w.mul(1)
      })
      expect(() => step.sync()).toThrow(`${what}`)
    }
    expect([optimizer.lr, bg.getRandomState()]).toEqual([0.1, state])
    const fresh = compile((a: Tensor) => {
      const p = new Tensor([2])
      p.mul(a).sum().backward()
      return p.grad as Tensor
    })
    expect([fresh.sync(tensor([3])).item(), fresh.sync(tensor([4])).item()]).toEqual([3, 4])
  })

  on('into refuses results whose buffer is gone', () => {
    const step = compile((a: Tensor) => a.mul(2))
    const out = bg.zeros([40])
    structuredClone(out.data, { transfer: [out.data.buffer as ArrayBuffer] })
    expect(() => step.into(out, bg.ones([40]))).toThrow('into: expected a tensor with its elements')
  })

  on('explain lists the constants, the kernels of each pass and the bytes', () => {
    const text = compile((a: Tensor) => a.mul(2.5).add([1, 2]).relu().sum()).explain(tensor([1, 2]))
    expect(text).toMatch(/# constants\n.*constant \[2\.5\]\n.*constant \[1, 2\]\n/)
    for (const title of ['recorded', 'planned', 'buffers', 'kernels', 'bytes']) expect(text).toContain(`# ${title}\n`)
    expect(text).toMatch(/recorded: 4 kernels/)
    const apart = compile((a: Tensor) => a.mul(2.5).relu(), { fusion: false }).explain(tensor([1, 2]))
    expect([text.includes('group rows='), apart.includes('group rows=')]).toEqual([true, false])
  })
})

describe('the cache', () => {
  const warnings: { readonly code?: string }[] = []
  const note = (warning: { readonly code?: string }): void => void warnings.push(warning)
  afterEach(() => process.off('warning', note))

  test('is bounded; kinds of call that change again and again warn once', async () => {
    process.on('warning', note)
    const { step, runs } = counted((a: Tensor) => a.sum())
    const call = (length: number): number => step.sync(bg.ones([length])).item()
    for (let length = 1; length <= 80; length++) expect(call(length)).toBe(length)
    expect(runs()).toBe(80)
    expect([call(80), runs()]).toEqual([80, 80])
    expect([call(1), runs()]).toEqual([1, 81])
    await new Promise(resolve => setImmediate(resolve))
    expect(warnings.filter(({ code }) => code === 'BLASGRAD_RECORDING')).toHaveLength(1)
  })
})
