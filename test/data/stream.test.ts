// DataLoader over streams: batching, reading ahead, errors, closing.

import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { ArgumentError, data, type Tensor } from '../../lib/index.js'

const { DataLoader } = data

/** Counts from 0, noting how far it was read and whether it was closed. */
class Source {
  read = 0
  closed = false
  constructor(readonly n: number) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<[number, number[]]> {
    try {
      for (; this.read < this.n; ) {
        await delay(0)
        const i = this.read++
        yield [i, [i, -i]]
      }
    } finally {
      this.closed = true
    }
  }
}

const collect = async (loader: AsyncIterable<readonly Tensor[]>) => {
  const batches: number[][] = []
  for await (const [x] of loader) batches.push([...x.data])
  return batches
}

describe('DataLoader over a stream', () => {
  it('stacks samples into batches, whatever the prefetch', async () => {
    for (const prefetch of [0, 1, 2, 10]) {
      const loader = new DataLoader(new Source(5), { batchSize: 2, prefetch })
      expect(await collect(loader)).toEqual([[0, 1], [2, 3], [4]])
    }
    const shapes: (readonly number[])[] = []
    for await (const [x, y] of new DataLoader(new Source(2), { batchSize: 2 })) shapes.push(x.shape, y.shape)
    expect(shapes).toEqual([[2], [2, 2]])
    expect(await collect(new DataLoader(new Source(5), { batchSize: 2, dropLast: true }))).toEqual([
      [0, 1],
      [2, 3],
    ])
  })

  it('takes synchronous iterables, in both ways', async () => {
    const samples = [[1], [2], [3]]
    expect(Array.from(new DataLoader(samples, { batchSize: 2 }), ([x]) => [...x.data])).toEqual([[1, 2], [3]])
    expect(await collect(new DataLoader(samples, { batchSize: 2 }))).toEqual([[1, 2], [3]])
  })

  it('passes whole batches on with batchSize null', async () => {
    const batches = [[[1, 2, 3]], [[4, 5]]]
    expect(await collect(new DataLoader(batches, { batchSize: null }))).toEqual([
      [1, 2, 3],
      [4, 5],
    ])
  })

  it('reads no further ahead than prefetch batches', async () => {
    const source = new Source(100)
    const iterator = new DataLoader(source, { batchSize: 2, prefetch: 3 })[Symbol.asyncIterator]()
    await iterator.next()
    await delay(60)
    expect(source.read).toBe(2 * (1 + 3))
    await iterator.return?.()
    expect(source.closed).toBe(true)
  })

  it('reads while the consumer works', async () => {
    const source = new Source(100)
    for await (const _ of new DataLoader(source, { prefetch: 2 })) {
      await delay(30)
      expect(source.read).toBe(3)
      break
    }
  })

  it('reads nothing ahead with prefetch 0', async () => {
    const source = new Source(100)
    for await (const _ of new DataLoader(source, { prefetch: 0 })) {
      await delay(20)
      expect(source.read).toBe(1)
      break
    }
  })

  it('closes the source when the consumer stops early or throws', async () => {
    for (const prefetch of [0, 2]) {
      const stopped = new Source(100)
      for await (const _ of new DataLoader(stopped, { batchSize: 3, prefetch })) break
      expect(stopped.closed).toBe(true)
      const thrown = new Source(100)
      const consume = async () => {
        for await (const _ of new DataLoader(thrown, { prefetch })) throw new Error('consumer')
      }
      await expect(consume()).rejects.toThrow('consumer')
      expect(thrown.closed).toBe(true)
    }
    let closed = false
    const generator = (function* () {
      try {
        for (;;) yield [1]
      } finally {
        closed = true
      }
    })()
    for (const _ of new DataLoader(generator)) break
    expect(closed).toBe(true)
  })

  it('throws the source’s error to the consumer, after the batches before it', async () => {
    async function* failing() {
      yield [1]
      yield [2]
      throw new Error('the socket closed')
    }
    for (const prefetch of [0, 1, 5]) {
      const seen: number[] = []
      const consume = async () => {
        for await (const [x] of new DataLoader(failing(), { prefetch })) seen.push(x.item())
      }
      await expect(consume()).rejects.toThrow('the socket closed')
      expect(seen).toEqual([1, 2])
    }
  })

  it('throws a transform’s error to the consumer and closes the source', async () => {
    const source = new Source(100)
    const transform = () => {
      throw new Error('transform')
    }
    await expect(collect(new DataLoader(source, { transform }))).rejects.toThrow('transform')
    expect(source.closed).toBe(true)
  })

  it('has neither length nor order, and cannot be shuffled or iterated without await', () => {
    const loader = new DataLoader(new Source(1))
    expect(() => loader.length).toThrow(ArgumentError)
    expect(() => loader.order(0)).toThrow('DataLoader.order: expected a dataset, got a stream')
    expect(() => new DataLoader(new Source(1), { shuffle: true })).toThrow(ArgumentError)
    expect(() => [...loader]).toThrow(/expected `for await`/)
  })
})
