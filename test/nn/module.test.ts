// Module: what it finds, under which names, and how its state goes out and in.

import { describe, expect, it } from 'vitest'
import { nn, ones, Tensor, tensor, zeros } from '../../lib/index.js'

const { Linear, Module, Parameter, ReLU, Sequential } = nn

class Block extends Module {
  first = new Linear(2, 3)
  scale = new Parameter([1, 2])
  layers = [new Linear(3, 3, { bias: false }), [new ReLU(), new Linear(3, 1)]]
  heads = { a: new Linear(1, 1), b: new Linear(1, 2, { bias: false }) }
  named = new Map<string, nn.Parameter>([['shift', new Parameter([0])]])
  running = this.registerBuffer('running', zeros([2]))
  scratch = this.registerBuffer('scratch', zeros([4]), { persistent: false })
  plain = tensor([5])
  numbers = [1, 2, 3]

  override forward(x: Tensor): Tensor {
    return this.first.forward(x)
  }
}

const names = (pairs: readonly (readonly [string, unknown])[]): string[] => pairs.map(([name]) => name)

const blockParameters = [
  'scale',
  'named.shift',
  'first.weight',
  'first.bias',
  'layers.0.weight',
  'layers.1.1.weight',
  'layers.1.1.bias',
  'heads.a.weight',
  'heads.a.bias',
  'heads.b.weight',
]

describe('what a module finds', () => {
  it('names parameters by path, its own before those of its modules', () => {
    const block = new Block()
    expect(names(block.namedParameters())).toEqual(blockParameters)
    expect(block.parameters()).toEqual(block.namedParameters().map(([, parameter]) => parameter))
    expect(block.parameters().every(parameter => parameter instanceof Parameter)).toBe(true)
  })

  it('finds modules in properties, arrays, nested arrays and objects', () => {
    const block = new Block()
    expect(names(block.namedModules())).toEqual([
      '',
      'first',
      'layers.0',
      'layers.1.0',
      'layers.1.1',
      'heads.a',
      'heads.b',
    ])
    expect(block.modules()[0]).toBe(block)
    expect(block.children()).toEqual(block.modules().slice(1))
    const outer = new Sequential(block, new ReLU())
    expect(outer.children()).toEqual([block, outer.at(1)])
    expect(names(outer.namedParameters())).toEqual(blockParameters.map(name => `0.${name}`))
  })

  it('keeps buffers apart from parameters and from plain tensors', () => {
    const block = new Block()
    expect(names(block.namedBuffers())).toEqual(['running', 'scratch'])
    expect(block.buffers()).toEqual([block.running, block.scratch])
    expect(names(new Sequential(block).namedBuffers())).toEqual(['0.running', '0.scratch'])
    expect(Object.keys(block.stateDict())).toEqual(['scale', 'named.shift', 'running', ...blockParameters.slice(2)])
  })

  it('follows a buffer that is replaced', () => {
    const block = new Block()
    block.running = ones([2])
    expect(block.stateDict().running.toArray()).toEqual([1, 1])
  })

  it('refuses buffers that cannot be', () => {
    const block = new Block()
    expect(() => block.registerBuffer('a.b', zeros([1]))).toThrow(
      'registerBuffer: expected a name without dots, got "a.b"',
    )
    expect(() => block.registerBuffer('first', zeros([1]))).toThrow('got "first", which is in use')
    expect(() => block.registerBuffer('forward', zeros([1]))).toThrow('which is in use')
    expect(() => block.registerBuffer('p', new Parameter([1]))).toThrow('a Tensor that is no Parameter')
  })

  it('a buffer is what its property holds: another tensor, none, or a parameter in its place', () => {
    const block = new Block()
    block.running = tensor([3, 4])
    expect(block.stateDict().running.toArray()).toEqual([3, 4])
    Reflect.set(block, 'running', null)
    expect(names(block.namedBuffers())).toEqual(['scratch'])
    Reflect.set(block, 'running', new Parameter([1]))
    expect(Object.keys(block.stateDict()).filter(name => name === 'running')).toEqual(['running'])
    expect(names(block.namedBuffers())).toEqual(['scratch'])
    expect(names(block.namedParameters())).toContain('running')
    Reflect.set(block, 'running', [1, 2])
    expect(() => block.stateDict()).toThrow('Block: expected the buffer running to be a tensor or null, got [1, 2]')
  })

  it('counts tied weights once, under the first name, and saves them under each', () => {
    const first = new Linear(2, 2)
    const second = new Linear(2, 2, { bias: false })
    second.weight = first.weight
    const model = new Sequential(first, second, first)
    expect(names(model.namedParameters())).toEqual(['0.weight', '0.bias'])
    expect(names(model.namedModules())).toEqual(['', '0', '1'])
    expect(Object.keys(model.stateDict())).toEqual(['0.weight', '0.bias', '1.weight', '2.weight', '2.bias'])
    expect(model.children()).toEqual([first, second])
  })

  it('keeps frozen parameters', () => {
    const model = new Sequential(new Linear(2, 2), new Linear(2, 1))
    model.at(0).requiresGrad(false)
    expect(model.parameters().map(parameter => parameter.requiresGrad)).toEqual([false, false, true, true])
    model
      .forward(ones([1, 2]))
      .sum()
      .backward()
    expect(model.parameters().map(parameter => parameter.grad !== null)).toEqual([false, false, true, true])
    model.requiresGrad()
    expect(model.parameters().every(parameter => parameter.requiresGrad)).toBe(true)
  })

  it('refuses a module that contains itself, and names with dots', () => {
    class Knot extends Block {
      inner: unknown[] = []
    }
    const knot = new Knot()
    knot.inner.push(new Sequential(knot))
    expect(() => knot.parameters()).toThrow('Knot: expected a tree of modules, got one that contains itself: inner.0.0')
    knot.inner = [new Map([['a.b', new ReLU()]])]
    expect(() => knot.modules()).toThrow('names of parameters and modules without dots, got "a.b"')
  })

  it('does not lose itself in plain data that contains itself', () => {
    class Loop extends Block {
      data: unknown[] = [new Parameter([1])]
    }
    const loop = new Loop()
    loop.data.push(loop.data)
    expect(names(loop.namedParameters())).toContain('data.0')
  })
})

describe('modes', () => {
  it('trains and evaluates the whole tree', () => {
    const block = new Block()
    const modes = () => new Set(block.modules().map(module => module.training))
    expect(modes()).toEqual(new Set([true]))
    expect(block.eval()).toBe(block)
    expect(modes()).toEqual(new Set([false]))
    expect(block.train()).toBe(block)
    expect(modes()).toEqual(new Set([true]))
    block.train(false)
    expect(modes()).toEqual(new Set([false]))
    expect(() => block.train(1 as unknown as boolean)).toThrow('training: expected true or false, got 1')
  })

  it('forgets gradients', () => {
    const model = new Linear(2, 1)
    model
      .forward(ones([1, 2]))
      .sum()
      .backward()
    expect(model.weight.grad?.toArray()).toEqual([[1, 1]])
    model.zeroGrad()
    expect(model.parameters().map(parameter => parameter.grad)).toEqual([null, null])
  })

  it('applies a function to children first', () => {
    const model = new Sequential(new Linear(1, 1), new Sequential(new ReLU()))
    const seen: string[] = []
    model.apply(module => seen.push(module.constructor.name))
    expect(seen).toEqual(['Linear', 'ReLU', 'Sequential', 'Sequential'])
  })

  it('prints as PyTorch does', () => {
    const model = new Sequential(new Linear(3, 4), new Sequential(new ReLU(), new nn.LayerNorm([4], { eps: 1e-3 })))
    expect(String(model)).toBe(
      [
        'Sequential(',
        '  (0): Linear(inFeatures=3, outFeatures=4, bias=true)',
        '  (1): Sequential(',
        '    (0): ReLU()',
        '    (1): LayerNorm(normalizedShape=[4], eps=0.001, elementwiseAffine=true)',
        '  )',
        ')',
      ].join('\n'),
    )
    expect(String(new nn.Embedding(3, 2, { paddingIdx: -1 }))).toBe(
      'Embedding(numEmbeddings=3, embeddingDim=2, paddingIdx=2)',
    )
  })
})

describe('Parameter', () => {
  it('is a leaf that wants a gradient', () => {
    const parameter = new Parameter([[1, 2]], { dtype: 'float64' })
    expect(parameter).toBeInstanceOf(Tensor)
    expect([parameter.requiresGrad, parameter.isLeaf, parameter.dtype]).toEqual([true, true, 'float64'])
    expect(new Parameter([1], { requiresGrad: false }).requiresGrad).toBe(false)
    expect(() => new Parameter(new Int32Array([1]))).toThrow('expected a float32 or float64 tensor, got int32')
  })

  it('takes the elements of a tensor, not its history', () => {
    const source = new Tensor([1, 2]).mul(2)
    const parameter = new Parameter(source)
    expect(parameter.isLeaf).toBe(true)
    expect(parameter.storage).toBe(source.storage)
    expect(parameter.toArray()).toEqual([2, 4])
  })
})

describe('Sequential', () => {
  it('is indexed, counted and iterated', () => {
    const model = new Sequential(new Linear(2, 3), new ReLU())
    const first: nn.Linear = model.at(0)
    const last = model.at(-1)
    expect([first.outFeatures, last, model.length]).toEqual([3, [...model][1], 2])
    expect(model.at(7)).toBe(undefined)
  })

  it('refuses what is no module', () => {
    expect(() => new Sequential(new ReLU(), (() => 1) as never)).toThrow('Sequential: expected layer 1 to be a Module')
  })
})

it('containers that have no end are refused', () => {
  let deep: unknown = []
  for (let depth = 0; depth < 100_000; depth++) deep = [deep]
  const model = Object.assign(new nn.Sequential(), { deep })
  expect(() => model.parameters()).toThrow('Module: expected containers nested at most 64 deep')
})
