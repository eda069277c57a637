// model.clone(): a copy that shares nothing that training changes, whatever the module has in its properties.

import { expect, test } from 'vitest'
import { compile } from '../../lib/compile/compile.js'
import { stateOf } from '../../lib/core/storage.js'
import * as bg from '../../lib/index.js'
import { idle, nn, optim, Tensor, tensor, zeros } from '../../lib/index.js'

class Block extends nn.Module {
  first = new nn.Linear(2, 3)
  tied = this.first.weight
  view = new nn.Parameter(this.first.weight)
  layers = [new nn.Sequential(new nn.Linear(3, 3), new nn.ReLU()), [this.first]]
  named = new Map<string, unknown>([['shift', new nn.Parameter([0])]])
  running = this.registerBuffer('running', tensor([1, 2]))
  scratch = this.registerBuffer('scratch', zeros([4]), { persistent: false })
  plain = tensor([5])
  settings = { sizes: [1, 2], ids: new Set([3]), table: Float64Array.of(4), inner: { deep: true } }
  readonly activate = (x: Tensor): Tensor => x.relu()
  when = new Date(0)
  self: unknown = undefined

  override forward(x: Tensor): Tensor {
    return this.activate(this.first.forward(x))
  }
}

const numbers = (module: nn.Module): unknown => Object.entries(module.stateDict()).map(([k, t]) => [k, t.toArray()])

test('everything that training changes is its own', () => {
  const block = new Block()
  const copy = block.clone()
  expect(copy).toBeInstanceOf(Block)
  expect(String(copy)).toBe(String(block))
  expect(numbers(copy)).toEqual(numbers(block))
  expect(copy.namedParameters().map(([name]) => name)).toEqual(block.namedParameters().map(([name]) => name))
  expect(copy.namedBuffers().map(([name]) => name)).toEqual(['running', 'scratch'])
  expect(Object.keys(copy.stateDict())).not.toContain('scratch')
  const storages = (m: Block) => [...m.parameters(), ...m.buffers(), m.plain].map(({ storage }) => storage)
  const own = new Set(storages(block))
  for (const storage of storages(copy)) {
    expect(own.has(storage)).toBe(false)
    expect(new Set(storages(block).map(({ memory }) => memory.buffer)).has(storage.memory.buffer)).toBe(false)
  }
  for (const t of [...copy.parameters(), ...copy.buffers()]) {
    expect(stateOf(t.storage.memory)).toBe(t.storage)
    expect(t.storage.isFixed).toBe(true)
  }
  const before = numbers(copy)
  for (const t of [...block.parameters(), ...block.buffers(), block.plain]) t.assign(t.add(1))
  expect(numbers(copy)).toEqual(before)
  expect(copy.plain.toArray()).toEqual([5])
})

test('what was shared is shared within the copy', () => {
  const copy = new Block().clone()
  expect(copy.tied).toBe(copy.first.weight)
  expect(copy.view).not.toBe(copy.first.weight)
  expect(copy.view.storage).toBe(copy.first.weight.storage)
  expect((copy.layers[1] as nn.Module[])[0]).toBe(copy.first)
})

test('modes, requiresGrad and classes stay; gradients do not come along', () => {
  const block = new Block()
  block.layers[0] instanceof nn.Sequential && block.layers[0].eval()
  block.first.bias?.zeroGrad()
  if (block.first.bias !== null) block.first.bias.requiresGrad = false
  block.first.weight.grad = zeros([3, 2])
  const copy = block.clone()
  expect(copy.modules().map(m => [m.constructor, m.training])).toEqual(
    block.modules().map(m => [m.constructor, m.training]),
  )
  expect(copy.parameters().map(p => p.requiresGrad)).toEqual(block.parameters().map(p => p.requiresGrad))
  expect(copy.parameters().every(p => p instanceof nn.Parameter && p.grad === null && p.isLeaf)).toBe(true)
  expect(block.first.weight.grad).not.toBeNull()
  copy.eval()
  expect(block.training).toBe(true)
})

test('containers are copied, other objects and functions shared', () => {
  const block = new Block()
  block.self = { list: [block.settings] }
  Object.freeze(block.settings.sizes)
  const copy = block.clone()
  expect(copy.settings).toEqual(block.settings)
  for (const key of ['sizes', 'ids', 'table', 'inner'] as const) {
    expect(copy.settings[key]).not.toBe(block.settings[key])
  }
  expect((copy.self as { list: unknown[] }).list[0]).toBe(copy.settings)
  expect(Object.isFrozen(copy.settings.sizes)).toBe(true)
  expect(copy.named.get('shift')).not.toBe(block.named.get('shift'))
  expect([copy.activate, copy.when]).toEqual([block.activate, block.when])
  expect(copy.activate).toBe(block.activate)
})

test('a value within the graph is copied out of it', () => {
  class Keeps extends nn.Module {
    last: Tensor | null = null
    readonly weight = new nn.Parameter([2])
    forward(x: Tensor): Tensor {
      this.last = x.mul(this.weight)
      return this.last
    }
  }
  const model = new Keeps()
  model.forward(tensor([3]))
  const { last } = model.clone()
  expect([last?.item(), last?.requiresGrad, last?.isLeaf]).toEqual([6, false, true])
})

test('every layer', () => {
  bg.manualSeed(1)
  const layers: nn.Module[] = [
    new nn.Linear(3, 2),
    new nn.Linear(3, 2, { bias: false, dtype: 'float64' }),
    new nn.LayerNorm(3),
    new nn.GELU({ approximate: 'tanh' }),
    new nn.Softmax(0),
    new nn.Sequential(new nn.Linear(3, 3), new nn.Sequential(new nn.Tanh(), new nn.Flatten())),
  ]
  for (const layer of layers) {
    const copy = layer.clone()
    expect(String(copy)).toBe(String(layer))
    const x = bg.randn([4, 3]).to(layer.parameters()[0]?.dtype ?? 'float32')
    const forward = (m: nn.Module): unknown => (m as nn.Sequential).forward(x).toArray()
    expect(forward(copy)).toEqual(forward(layer))
  }
  const table = new nn.Embedding(4, 2, { paddingIdx: 1 }).clone()
  expect(table.forward([1]).toArray()).toEqual([[0, 0]])
})

test('a subclass with private fields says how, or is told to', () => {
  class Scaled extends nn.Module {
    readonly #scale: nn.Parameter
    constructor(scale: nn.Parameter) {
      super()
      this.#scale = scale
    }
    get scale(): nn.Parameter {
      return this.#scale
    }
    forward(x: Tensor): Tensor {
      return x.mul(this.#scale)
    }
    protected override bareCopy(copy: nn.Copy): this {
      return Reflect.construct(Scaled, [copy(this.#scale)], this.constructor) as this
    }
  }
  class Further extends Scaled {
    extra = [1]
  }
  const model = new Further(new nn.Parameter([2]))
  const copy = new nn.Sequential(model).clone()
  expect(copy.at(0)).toBeInstanceOf(Further)
  expect(copy.at(0).extra).not.toBe(model.extra)
  model.scale.assign([9])
  expect(copy.forward(tensor([3])).item()).toBe(6)

  class Hidden extends nn.Module {
    #hidden = 1
    forward(x: Tensor): Tensor {
      return x.mul(this.#hidden)
    }
  }
  class Below extends Hidden {}
  expect(() => new nn.Sequential(new Below()).clone()).toThrow(
    'clone: expected Hidden, which has #private fields, to define bareCopy, which copies them, got none',
  )
  class Static extends nn.Module {
    static #count = 0
    forward(x: Tensor): Tensor {
      return x.mul(++Static.#count)
    }
  }
  expect(new Static().clone()).toBeInstanceOf(Static)
  class Wrong extends nn.Module {
    forward(x: Tensor): Tensor {
      return x
    }
    protected override bareCopy(): this {
      return new nn.ReLU() as unknown as this
    }
  }
  expect(() => new Wrong().clone()).toThrow('clone: expected bareCopy to give a new Wrong, got ReLU')
})

test('a frozen copy answers while the model is trained, and is brought up to date', async () => {
  const model = new nn.Sequential(new nn.Linear(2, 8), new nn.ReLU(), new nn.Linear(8, 1))
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 })
  const frozen = model.clone()
  const train = compile((x: Tensor) => {
    optimizer.zeroGrad()
    const loss = model.forward(x).mean()
    loss.backward()
    optimizer.step()
    return loss
  })
  const predict = compile((x: Tensor) => frozen.forward(x))
  const x = bg.ones([1, 2])
  const first = model.forward(x).item()
  const training = Array.from({ length: 20 }, () => train(x))
  expect(frozen.forward(x).item()).toBe(first)
  for (const answer of await Promise.all([predict(x), predict(x)])) expect(answer.item()).toBeCloseTo(first, 5)
  await Promise.all(training)
  await idle()
  const trained = model.forward(x).item()
  expect(trained).not.toBeCloseTo(first, 3)
  frozen.loadStateDict(model.stateDict())
  expect(predict.sync(x).item()).toBeCloseTo(trained, 5)
})

test('not in a compiled function, not while a step uses it, not of a transferred tensor', async () => {
  const model = new nn.Linear(300, 300)
  const inside = compile((x: Tensor) => model.clone().forward(x))
  expect(() => inside.sync(bg.ones([1, 300]))).toThrow('clone: values cannot be read while a step is compiled')
  const step = compile((x: Tensor) => {
    let y = x
    for (let i = 0; i < 20; i++) y = model.forward(y)
    return y
  })
  const running = step(bg.ones([300, 300]))
  expect(() => model.clone()).toThrow(
    expect.objectContaining({ code: 'BUSY', message: expect.stringContaining('clone: expected elements') }),
  )
  await running
  expect(model.clone().parameters()).toHaveLength(2)
  const plain = new nn.ReLU() as nn.ReLU & { kept?: Tensor }
  plain.kept = new Tensor(new Float32Array(100))
  structuredClone(plain.kept.data, { transfer: [plain.kept.data.buffer as ArrayBuffer] })
  expect(() => plain.clone()).toThrow('clone: expected a tensor with its elements')
})
