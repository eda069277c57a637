// What JavaScript makes of a tensor by itself (JSON, structuredClone, arithmetic, assignment): the numbers, or an error that
// says what to do, never something without them.

import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { serialize } from 'node:v8'
import { Script } from 'node:vm'
import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { ArgumentError, data, io, nn, optim, Tensor, tensor } from '../../lib/index.js'

const values = [
  [1, 2.5],
  [-3, 0],
]

test('JSON has the elements as nested arrays', () => {
  const parsed = JSON.parse(JSON.stringify({ x: tensor(values), flags: tensor([true, false]), n: tensor(3) }))
  expect(parsed).toEqual({ x: values, flags: [true, false], n: 3 })
  const model = new nn.Linear(2, 2)
  expect(JSON.parse(JSON.stringify(model)).weight).toEqual(model.weight.toArray())
})

test.each([Number.NaN, Infinity, -Infinity])('JSON of %s is refused', value => {
  expect(() => JSON.stringify(tensor([1, value]))).toThrow(ArgumentError)
  expect(() => JSON.stringify(tensor([1, value]))).toThrow(
    `toJSON: expected finite elements, which JSON has, got ${value} at 1`,
  )
})

test.each([
  ['structuredClone', structuredClone],
  ['v8.serialize', serialize],
  ['postMessage', (value: unknown) => new MessageChannel().port1.postMessage(value)],
] as const)('%s refuses tensors and what holds them, and says what to post', (_, copy) => {
  for (const value of [tensor(1), tensor(values), new nn.Parameter([1]), { x: [tensor(1)] }, new nn.Linear(2, 2)]) {
    expect(() => copy(value)).toThrow(/post tensor.data.slice\(\), tensor.shape and tensor.dtype/)
  }
})

test('a tensor goes to a worker and back by its data, shape and dtype, or as a file', async () => {
  const program = `
    const { parentPort } = require('node:worker_threads')
    parentPort.once('message', async ({ file, data, shape, dtype }) => {
      const { io, tensor } = await import('blasgrad')
      const x = tensor(data, { shape, dtype }).add(io.decodeSafetensors(file).x)
      parentPort.postMessage({ data: x.data, shape: x.shape, dtype: x.dtype })
    })`
  const worker = new Worker(program, { eval: true })
  const x = tensor(values, { dtype: 'float64' })
  const posted = { file: io.encodeSafetensors({ x }), data: x.data.slice(), shape: x.shape, dtype: x.dtype }
  worker.postMessage(posted, [posted.data.buffer as ArrayBuffer])
  const [{ data, shape, dtype }] = await once(worker, 'message')
  expect(tensor(data, { shape, dtype }).toArray()).toEqual([
    [2, 5],
    [-6, 0],
  ])
  expect(dtype).toBe('float64')
})

test('it is text where text is expected, and no number anywhere', () => {
  const x = tensor(2) as never as number
  expect(`${x} ${String(x)}`).toBe('Tensor(2., dtype=float32) Tensor(2., dtype=float32)')
  const uses = [() => x + 1, () => x * 2, () => x < 1, () => x > 1, () => Math.exp(x), () => -x, () => Number(x)]
  uses.push(() => {
    let total = 0
    total += x
    return total
  })
  // biome-ignore lint/suspicious/noDoubleEquals: what JavaScript makes of it
  const all: (() => unknown)[] = [...uses, () => x == 2, () => [1, 2].indexOf(1, x)]
  for (const use of all) {
    expect(use).toThrow(ArgumentError)
    expect(use).toThrow('item() for the number')
  }
})

test('a shape cannot be written: those of leaves and data, and of results under BLASGRAD_CHECK=1', () => {
  const given = [2, 2]
  const leaf = new Tensor(values)
  for (const x of [leaf, tensor(1), tensor([1, 2, 3, 4], { shape: given }), new nn.Parameter(values)]) {
    expect(Object.isFrozen(x.shape)).toBe(true)
    expect(() => (x.shape as number[]).push(1)).toThrow()
  }
  given[0] = 4
  expect(leaf.shape).toEqual([2, 2])
  const program = `
    import { Tensor, concat, tensor } from 'blasgrad'
    const x = new Tensor([[1, 2]])
    const all = [x, x.detach(), x.add(1), x.sum(0), x.sum(), x.reshape([2]), concat([x, x]), tensor(x)]
    console.log(all.every(({ shape }) => Object.isFrozen(shape)))`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: join(import.meta.dirname, '../..'),
    encoding: 'utf8',
    env: { ...process.env, BLASGRAD_CHECK: '1' },
  })
  expect(stdout).toBe('true\n')
})

test('lists may be given as numbers one after another', () => {
  const x = tensor([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
  expect(x.reshape(2, 6).shape).toEqual([2, 6])
  expect(x.reshape(2, -1, 3).permute(2, 0, 1).shape).toEqual([3, 2, 2])
  expect(x.reshape(12, 1).expand(12, 2).shape).toEqual([12, 2])
  expect(x.reshape(1, 12, 1).squeeze(0, 2).shape).toEqual([12])
  expect(() => x.reshape(2, 5)).toThrow('reshape: cannot make [12] (12 elements) into [2, 5]')
  expect(() => x.reshape([2], 6 as never)).toThrow(ArgumentError)
})

describe('typed arrays and containers of another realm', () => {
  const foreign = <T>(code: string): T => new Script(code).runInNewContext({}) as T

  test.each([
    ['Float32Array', 'float32'],
    ['Float64Array', 'float64'],
    ['Int32Array', 'int32'],
    ['Uint8Array', 'uint8'],
  ])('%s', (kind, dtype) => {
    const x = tensor(foreign<Float32Array>(`${kind}.of(1, 2)`))
    expect([x.dtype, x.toArray()]).toEqual([dtype, [1, 2]])
    expect(
      tensor([0, 0], { dtype: x.dtype })
        .assign(foreign<Float32Array>(`${kind}.of(1, 2)`))
        .toArray(),
    ).toEqual([1, 2])
  })

  test('are taken by every reader and loader', () => {
    const file = foreign<Uint8Array>(`Uint8Array.of(${io.encodeSafetensors({ a: tensor([1]) })})`)
    expect(io.decodeSafetensors(file).a.toArray()).toEqual([1])
    expect(data.readIdx(foreign<Uint8Array>('Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 5)')).toArray()).toEqual([5])
    const rows = new data.TensorDataset(foreign<number[][]>('[[1], [2]]'))
    expect(rows.batch(foreign<Int32Array>('Int32Array.of(1)'))[0].toArray()).toEqual([[2]])
    expect(() => tensor(foreign<never>('Int16Array.of(1)'))).toThrow('got Int16Array(1)')
  })

  test('hold parameters and modules', () => {
    class Net extends nn.Module {
      readonly parts: Record<string, unknown> = foreign('({})')
      readonly map: Map<string, unknown> = foreign('new Map()')
      constructor() {
        super()
        this.parts.a = new nn.Linear(1, 1)
        this.map.set('b', new nn.Linear(1, 1))
      }
      override forward(): void {}
    }
    expect(new Net().parameters()).toHaveLength(4)
    expect(new optim.SGD(new Net().parameters(), foreign('({ lr: 1 })')).stateDict().groups).toHaveLength(1)
  })
})

test('properties that other code gives to every object are no options', () => {
  const extended = Object.prototype as unknown as Record<string, unknown>
  extended.each = () => {}
  try {
    expect(tensor([1], {}).sum(0, {}).item()).toBe(1)
    expect(new nn.Linear(2, 2, { bias: false }).parameters()).toHaveLength(1)
    expect(io.decodeSafetensors(io.encodeSafetensors({ a: tensor([1]) }, {})).a.item()).toBe(1)
    expect(() => tensor([1], { eich: 1 } as never)).toThrow('got eich')
  } finally {
    delete extended.each
  }
})
