// DataLoader over datasets: batches, orders, epochs, options.

import { describe, expect, it } from 'vitest'
import { ArgumentError, data, type Tensor, tensor } from '../../lib/index.js'

const { DataLoader, TensorDataset } = data
const numbers = (n: number) => Array.from({ length: n }, (_, i) => i)
const dataset = (n: number) =>
  new TensorDataset(
    numbers(n),
    Int32Array.from(numbers(n), i => 10 * i),
  )
const visited = (loader: Iterable<readonly Tensor[]>) => Array.from(loader, ([x]) => [...x.data])
const later = async (loader: AsyncIterable<readonly Tensor[]>) => {
  const batches: number[][] = []
  for await (const [x] of loader) batches.push([...x.data])
  return batches
}

describe('DataLoader', () => {
  it('gives batches in order, the last one smaller', () => {
    const loader = new DataLoader(dataset(5), { batchSize: 2 })
    expect(visited(loader)).toEqual([[0, 1], [2, 3], [4]])
    expect(loader.length).toBe(3)
    for (const [x, y] of loader) expect([...y.data]).toEqual(Array.from(x.data, i => 10 * i))
  })

  it('leaves out the last batch with dropLast, unless it is full', () => {
    expect(visited(new DataLoader(dataset(5), { batchSize: 2, dropLast: true }))).toEqual([
      [0, 1],
      [2, 3],
    ])
    expect(visited(new DataLoader(dataset(4), { batchSize: 2, dropLast: true }))).toHaveLength(2)
    expect(visited(new DataLoader(dataset(1), { batchSize: 2, dropLast: true }))).toEqual([])
    expect(new DataLoader(dataset(5), { batchSize: 2, dropLast: true }).length).toBe(2)
  })

  it('gives single samples by default, and none from nothing', () => {
    expect(visited(new DataLoader(dataset(2)))).toEqual([[0], [1]])
    expect(visited(new DataLoader(new TensorDataset(tensor([], { shape: [0, 3] })), { batchSize: 4 }))).toEqual([])
  })

  it('visits in the order that order(epoch) tells, synchronously or not', async () => {
    const options = { batchSize: 4, shuffle: true, seed: 5 }
    const loader = new DataLoader(dataset(10), options)
    const first = visited(loader).flat()
    const second = (await later(loader)).flat()
    expect(first).toEqual([...loader.order(0)])
    expect(second).toEqual([...loader.order(1)])
    expect(first).not.toEqual(second)
    expect([...first].sort((a, b) => a - b)).toEqual(numbers(10))
  })

  it('counts the iterations begun in epoch, which can be set', () => {
    const loader = new DataLoader(dataset(20), { batchSize: 20, shuffle: true, seed: 1 })
    const epochs = [visited(loader), visited(loader), visited(loader)]
    expect(loader.epoch).toBe(3)
    const resumed = new DataLoader(dataset(20), { batchSize: 20, shuffle: true, seed: 1 })
    resumed.epoch = 2
    expect(visited(resumed)).toEqual(epochs[2])
    for (const _ of loader) break
    expect(loader.epoch).toBe(4)
    expect(() => (resumed.epoch = -1)).toThrow(ArgumentError)
  })

  it('keeps two iterations at once apart', () => {
    const loader = new DataLoader(dataset(6), { batchSize: 3, shuffle: true })
    const a = loader[Symbol.iterator]()
    const b = loader[Symbol.iterator]()
    const turns = [a.next(), b.next(), a.next(), b.next()].map(({ value }) => [...value[0].data])
    expect([...turns[0], ...turns[2]]).toEqual([...loader.order(0)])
    expect([...turns[1], ...turns[3]]).toEqual([...loader.order(1)])
  })

  it('applies a transform to each batch, and takes a promised one with for await only', async () => {
    const doubled = new DataLoader(dataset(3), { batchSize: 2, transform: ([x, y]) => ({ x: x.mul(2), y }) })
    expect(Array.from(doubled, ({ x }) => [...x.data])).toEqual([[0, 2], [4]])
    const promised = new DataLoader(dataset(3), { batchSize: 2, transform: async ([x]) => [x.add(1)] })
    expect(await later(promised)).toEqual([[1, 2], [3]])
    expect(() => [...promised]).toThrow(/expected `for await`/)
  })

  it('takes a dataset of another make, whose samples may be promised', async () => {
    const squares = { length: 5, get: (i: number): [number, number[]] => [i, [i * i, 0]] }
    const [[x, y]] = new DataLoader(squares, { batchSize: 5 })
    expect([x.shape, y.shape, [...y.sum(1).data]]).toEqual([[5], [5, 2], [0, 1, 4, 9, 16]])
    const promised = new DataLoader({ length: 5, get: async (i: number) => [i] }, { batchSize: 2 })
    expect(await later(promised)).toEqual([[0, 1], [2, 3], [4]])
    expect(() => [...promised]).toThrow(/expected `for await`/)
  })

  it('lets the event loop go on between the batches of for await', async () => {
    let turns = 0
    const timer = setInterval(() => turns++, 0)
    for await (const _ of new DataLoader(dataset(200))) {
      const until = performance.now() + 0.2
      while (performance.now() < until);
    }
    clearInterval(timer)
    expect(turns).toBeGreaterThan(2)
  })

  it.each([
    [{ batchSize: 0 }, 'DataLoader: expected batchSize to be an integer of at least 1, got 0'],
    [{ batchSize: 1.5 }, 'DataLoader: expected batchSize to be an integer of at least 1, got 1.5'],
    [{ seed: -1 }, 'DataLoader: expected seed to be an integer of at least 0, got -1'],
    [{ prefetch: -1 }, 'DataLoader: expected prefetch to be an integer of at least 0, got -1'],
    [{ shuffle: 1 as unknown as boolean }, 'DataLoader: expected shuffle to be true or false, got 1'],
  ])('refuses %j', (options, message) => {
    expect(() => new DataLoader(dataset(3), options)).toThrow(new ArgumentError(message))
  })

  it('refuses what is no dataset, samples that are no lists, and fields that differ', () => {
    expect(() => new DataLoader(3 as unknown as number[][])).toThrow(/expected a dataset or an iterable/)
    expect(() => [...new DataLoader([1] as unknown as number[][])]).toThrow(/expected samples that are lists of fields/)
    expect(() => [...new DataLoader([[[1, 2]], [[1]]], { batchSize: 2 })]).toThrow(
      /one shape for field 0.*\[2\] and \[1\]/,
    )
    expect(() => [...new DataLoader([[1], [true]], { batchSize: 2 })]).toThrow(/one dtype for field 0/)
    expect(() => [...new DataLoader([[1], [1, 2]], { batchSize: 2 })]).toThrow(
      /expected 1 fields in every sample, got 2/,
    )
  })
})
