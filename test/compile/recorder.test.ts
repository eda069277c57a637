// What a recording notes of the world outside, and under which conditions its program holds.

import { describe, expect } from 'vitest'
import { ArgumentError, IndexError } from '../../lib/base/errors.js'
import { compile } from '../../lib/compile/compile.js'
import { record } from '../../lib/compile/record.js'
import { Recorder } from '../../lib/compile/recorder.js'
import { flatten } from '../../lib/compile/tree.js'
import { Storage } from '../../lib/core/storage.js'
import { nn, ones, Tensor, tensor } from '../../lib/index.js'
import { backendsUnderTest } from '../support/backends.js'
import { counted } from './support/counted.js'
import { testsOn } from './support/on-backend.js'

/** Something unrelated changes, so that programs look at their conditions again. */
function reconfigure(): void {
  const other = new Tensor([1])
  other.requiresGrad = false
}

describe.each(backendsUnderTest)('on %s', backend => {
  const on = testsOn(backend)

  on('a gradient that was read is a condition: the same one holds, another or none asks for another program', () => {
    const x = new Tensor([1, 2])
    const { step, runs } = counted(() => {
      x.mul(2).sum().backward()
      return x.mul(1)
    })
    step.sync()
    expect(runs()).toBe(1)
    // The first run found none; this one adds to what that left.
    step.sync()
    expect(runs()).toBe(2)
    for (let i = 0; i < 3; i++) {
      reconfigure()
      step.sync()
    }
    expect([runs(), x.grad?.toArray()]).toEqual([2, [10, 10]])
    x.grad = tensor([100, 100])
    step.sync()
    expect([runs(), x.grad?.toArray()]).toEqual([3, [102, 102]])
    x.zeroGrad()
    step.sync()
    expect([runs(), x.grad?.toArray()]).toEqual([3, [2, 2]])
  })

  on('a mode that changes within the function: the condition is how it was before', () => {
    const model = new nn.Dropout(0.999)
    const { step, runs } = counted((x: Tensor) => {
      const first = model.forward(x)
      model.eval()
      return [first, model.forward(x)]
    })
    const x = ones([1000])
    const zeros = ({ data }: Tensor): number => data.filter(value => value === 0).length
    const [dropped, kept] = step.sync(x)
    expect([zeros(dropped) > 500, zeros(kept)]).toEqual([true, 0])
    // Now it is in eval mode from the beginning.
    expect(step.sync(x).map(zeros)).toEqual([0, 0])
    expect(runs()).toBe(2)
    model.train()
    expect(zeros(step.sync(x)[0])).toBeGreaterThan(500)
    expect(runs()).toBe(2)
  })

  on('a gradient that is another program’s state stays where that program finds it', () => {
    const [x, g] = [new Tensor([1, 2]), new Tensor([3, 4])]
    const read = compile(() => g.mul(2))
    expect(read.sync().toArray()).toEqual([6, 8])
    x.grad = g
    compile(() => {
      x.sum().backward()
      return x.mul(1)
    }).sync()
    expect(g.toArray()).toEqual([4, 5])
    g.assign([10, 20])
    expect(read.sync().toArray()).toEqual([20, 40])
  })

  on('two changes of the configuration are two, whatever they are of', () => {
    const [x, model] = [new Tensor([1]), new nn.Dropout(0.5)]
    const { step, runs } = counted(() => {
      const factor = model.training ? 2 : 3
      return x.mul(x.requiresGrad ? factor : 10 * factor)
    })
    expect(step.sync().item()).toBe(2)
    model.eval()
    x.requiresGrad = false
    expect([step.sync().item(), runs()]).toEqual([30, 2])

    const [w, other] = [new Tensor([1]), new nn.Dropout(0.5)]
    const accumulating = counted(() => {
      w.mul(other.training ? 2 : 3)
        .sum()
        .backward()
      return null
    })
    w.grad = tensor([10])
    accumulating.step.sync()
    other.eval()
    w.grad = tensor([100])
    accumulating.step.sync()
    expect([w.grad?.item(), accumulating.runs()]).toEqual([103, 2])
  })

  on('nothing as result', () => {
    const x = new Tensor([1, 2])
    const step = compile(() => {
      x.sum().backward()
      return null
    })
    expect(step.sync()).toBeNull()
    expect(x.grad?.toArray()).toEqual([1, 1])
  })

  on('what a recording needs: gradients that it read, memory that can move, gradients that stay', () => {
    const [x, layer] = [new Tensor([1, 2]), new nn.Linear(2, 2)]
    const recorded = (fn: () => unknown) => record(fn, [], flatten('args', []), {})
    const square = (): Tensor =>
      layer
        .forward(x.reshape([1, 2]))
        .retainGrad()
        .pow(2)
        .sum()
    const reading = recorded(() => {
      square().backward()
      return null
    })
    expect(reading.recorder.readsGradients).toBe(true)
    expect(reading.isFixed).toBe(false)
    // Those of x, the weight and the bias; nobody can read that of the intermediate value.
    expect(reading.recorder.kept.size).toBe(3)
    const forgetting = recorded(() => {
      layer.zeroGrad()
      layer
        .forward(tensor([[1, 2]]))

        .pow(2)
        .sum()
        .backward()
      return null
    })
    expect(forgetting.recorder.readsGradients).toBe(false)
    expect(forgetting.isFixed).toBe(true)
  })

  on('a program that cannot be run leaves the versions of state as they were', () => {
    const x = new Tensor([1, 2])
    const { version } = x.storage
    const failing = record(
      () => x.assign(x.mul(2)),
      [],
      flatten('args', []),
      {},
      () => {
        throw new Error('no executor')
      },
    )
    expect(x.storage.version).toBeGreaterThan(version)
    expect(failing.hasFailed).toBe(false)
    expect(() => failing.executor).toThrow('no executor')
    expect(failing.hasFailed).toBe(true)
    expect(x.storage.version).toBe(version)
  })

  on('a bad index without a message of its op’s', () => {
    const recorder = new Recorder([])
    for (const source of [undefined, 0]) {
      const error = recorder.badIndexError(source, 7, 3)
      expect(error).toBeInstanceOf(IndexError)
      expect(error.message).toBe('compile: index 7 at position 3 is out of range')
    }
  })

  on('a call is noted as it is made: sizes are copied, no index is bad', () => {
    const recorder = new Recorder([])
    const [ids, a] = [recorder.argument('int32', 2, 0), recorder.argument('float32', 6, 1)]
    const out = [recorder.allocate('float32', 6, 'take'), recorder.allocate('float32', 6, 'read')]
    const { kernels } = recorder
    expect(kernels.take(1, 3, 2, 2, a.array, ids.array as Int32Array, out[0].array)).toBe(-1)
    const dims = Int32Array.of(6, 1)
    kernels.stridedRead(0, dims, a.array, out[1].array)
    const outer = Int32Array.of(2, 0, 0)
    kernels.exp(1, 3, 0, a.array, out[1].array, outer)
    dims.fill(9)
    outer.fill(9)
    const noted = recorder.program([]).calls.flatMap(({ args }) => args.filter(arg => arg instanceof Int32Array))
    expect(noted.map(sizes => [...sizes])).toEqual([
      [6, 1],
      [2, 0, 0],
    ])
  })

  on('a capture that a run writes has changed: a graph that saved it says so', () => {
    const [x, c] = [new Tensor([1, 1]), tensor([1, 2])]
    const step = compile((a: Tensor) => c.assign(a), { captures: [c] })
    step.sync(tensor([3, 4]))
    const y = x.mul(c).sum()
    step.sync(tensor([5, 6]))
    expect(c.toArray()).toEqual([5, 6])
    expect(() => y.backward()).toThrow('mul: a value saved for backward was changed in place')
  })

  on('a tensor from outside stays one, though the function makes a leaf of it', () => {
    const outside = tensor([1, 2])
    const step = compile((x: Tensor) => {
      outside.requiresGrad = true
      x.mul(outside).sum().backward()
      return x.mul(1)
    })
    expect(() => step.sync(tensor([3, 4]))).toThrow('the function reads a tensor of 2 elements from outside')
  })

  on('memory that no op asks for is of no op', () => {
    const recorder = new Recorder([])
    const [unnamed, named] = [recorder.allocate('float32', 2, 'allocate'), recorder.allocate('float32', 2, 'ones')]
    for (const { array } of [unnamed, named]) recorder.kernels.fill(2, 1, array)
    expect(recorder.program([]).calls.map(call => recorder.opOf(call))).toEqual([undefined, 'ones'])
  })

  on('a constant that is written becomes a copy, which the program makes', () => {
    const recorder = new Recorder([])
    const constant = new Storage(Float32Array.of(1, 2))
    recorder.constant(constant)
    recorder.kernels.fill(2, 1, constant.array)
    const { values, calls } = recorder.program([])
    expect(values.map(({ origin }) => origin.kind)).toEqual(['constant', 'made'])
    expect(calls.map(({ kernel }) => kernel)).toEqual(['copy', 'fill'])
  })

  on('captures of wrong kinds are refused', () => {
    const circular: unknown[] = []
    circular.push(circular)
    const wrong: unknown[] = [1, null, 'x', Symbol('s'), 10n, () => 1, new Map(), tensor(1), {}]
    wrong.push([1], [null], [{}], [undefined], new Array(1), [tensor(1), 2], circular)
    for (const captures of wrong) {
      const step = (): unknown => compile((x: Tensor) => x.mul(1), { captures: captures as Tensor[] }).sync(tensor(1))
      expect(step).toThrow(ArgumentError)
      expect(step).toThrow(/^compile: expected captures to /)
    }
  })

  on('arguments and results that hold themselves, or are endless, are refused', () => {
    const circular: unknown[] = [tensor(1)]
    circular.push(circular, circular)
    const object: Record<string, unknown> = {}
    object.self = { object }
    let shared: unknown = 1
    for (let depth = 0; depth < 60; depth++) shared = [shared, shared]
    for (const value of [circular, object, shared]) {
      for (const step of [compile(() => tensor(1)), compile(() => value as never)]) {
        const run = (): unknown => (step as { sync(value: unknown): unknown }).sync(value)
        expect(run).toThrow(ArgumentError)
        expect(run).toThrow(/expected arrays and objects (nested at most 64 deep|of at most 1000000 values), got more/)
      }
    }
  })

  on('a constant has at most 65,536 elements', () => {
    const sum = (length: number) => compile(() => tensor(new Float32Array(length).fill(1)).sum())
    expect(sum(65_536).sync().item()).toBe(65_536)
    expect(() => sum(65_537).sync()).toThrow('compile: a constant of 65537 elements is written in the function')
  })
})
