// An epoch on its way: what is busy, what runs between its batches, how it ends early, what it tells.

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import * as bg from '../../../lib/index.js'
import { compile, data, type EpochProgress, idle, nn, optim, type Tensor, tensor } from '../../../lib/index.js'
import { backendsUnderTest } from '../../support/backends.js'
import { batchSize, loaderOf, points, startTraining } from '../support/training.js'

const busy = expect.objectContaining({ code: 'BUSY' })
const wait = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

/** Counts its batches in `w`; each takes a while. */
function counting(size: number) {
  const w = new nn.Parameter(bg.zeros([1]))
  const m = new nn.Parameter(bg.rand([size, size]))
  const step = compile((x: Tensor) => {
    w.assign(w.add(1))
    let y = m.mul(x.sum())
    for (let i = 0; i < 3; i++) y = y.matmul(m).mul(1 / size)
    return y.mean()
  })
  return { w, step, count: () => w.item() }
}

const numbers = (count: number) => new data.TensorDataset(bg.arange(count).reshape([count, 1]))

describe.each(backendsUnderTest)('on %s', backend => {
  const before = bg.getBackend()
  beforeAll(() => bg.setBackend(backend))
  afterAll(() => bg.setBackend(before))
  const size = backend === 'native' ? 300 : 60

  /** The same epoch over rows, and over batches that are awaited. */
  const ways: [string, (count: number) => data.DataLoader<[Tensor]>][] = [
    ['rows', count => new data.DataLoader<[Tensor], [Tensor]>(numbers(count))],
    ['a transform', count => new data.DataLoader<[Tensor], [Tensor]>(numbers(count), { transform: async b => b })],
  ]

  test.each(ways)('%s: its state is busy until it is over, sync throws, idle waits', async (_, loader) => {
    const { w, step } = counting(size)
    const other = compile((x: Tensor) => x.add(1))
    const running = step.epoch(loader(60))
    let isOver = false
    running.then(() => {
      isOver = true
    })
    expect(() => other.sync(tensor([1]))).toThrow(busy)
    // What it uses is known with its first batch.
    await wait(1)
    const uses = [() => w.item(), () => w.mul(2), () => w.assign([0]), () => other.sync(tensor([1]))]
    let looks = 0
    for (; !isOver; looks++) {
      for (const use of uses) expect(use).toThrow(busy)
      await wait(1)
    }
    expect(looks).toBeGreaterThan(3)
    await idle()
    expect(w.item()).toBe(60)
    expect((await running).losses.shape).toEqual([60])
    expect(other.sync(tensor([1])).item()).toBe(2)
  })

  test.each(ways)('%s: steps that are called meanwhile run between two batches', async (_, loader) => {
    const { w, step } = counting(size)
    const look = compile(() => w.mul(1))
    let isOver = false
    const running = step.epoch(loader(60)).finally(() => {
      isOver = true
    })
    const seen: number[] = []
    while (!isOver) {
      seen.push((await look()).item())
      await wait(1)
    }
    await running
    expect(seen.filter(count => count > 0 && count < 60).length).toBeGreaterThan(3)
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(seen.every(Number.isInteger)).toBe(true)
  })

  test('two epochs take turns', async () => {
    const [a, b] = [counting(size), counting(size)]
    const order: string[] = []
    const note =
      (name: string) =>
      ({ batch, batches }: EpochProgress) => {
        if (batch === batches) order.push(name)
      }
    const long = a.step.epoch(new data.DataLoader(numbers(200)), { onProgress: note('long') })
    const short = b.step.epoch(new data.DataLoader(numbers(5)), { onProgress: note('short') })
    await Promise.all([long, short])
    expect(order).toEqual(['short', 'long'])
    expect([a.count(), b.count()]).toEqual([200, 5])
  })

  test.each(ways)('%s: an abort ends it after a whole batch', async (_, makeLoader) => {
    const { w, step, count } = counting(size)
    const controller = new AbortController()
    const loader = makeLoader(100_000)
    const listeners = vi.spyOn(controller.signal, 'removeEventListener')
    const running = step.epoch(loader, { signal: controller.signal })
    setTimeout(() => controller.abort(new Error('enough')), 30)
    await expect(running).rejects.toThrow('enough')
    expect(count()).toBeGreaterThan(0)
    expect(count()).toBeLessThan(100_000)
    expect(Number.isInteger(w.item())).toBe(true)
    expect(loader.epoch).toBe(1)
    expect(listeners).toHaveBeenCalledOnce()
    const at = count()
    await expect(step.epoch(loader, { signal: controller.signal })).rejects.toThrow('enough')
    await expect(step.epoch(loader, { signal: AbortSignal.abort() })).rejects.toThrow(
      expect.objectContaining({ name: 'AbortError' }),
    )
    expect([count(), loader.epoch]).toEqual([at, 1])
  })

  test('an abort ends the wait for data, and closes the stream', async () => {
    let isClosed = false
    const stream = async function* (): AsyncGenerator<[Tensor]> {
      try {
        yield [tensor([1])]
        for (;;) {
          await wait(5)
          if (isClosed) break
        }
        yield [tensor([1])]
      } finally {
        isClosed = true
      }
    }
    const step = compile((x: Tensor) => x.sum())
    const controller = new AbortController()
    const loader = new data.DataLoader(stream(), { batchSize: null, prefetch: 0 })
    const running = step.epoch(loader, { signal: controller.signal })
    setTimeout(() => controller.abort(), 20)
    await expect(running).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }))
    expect(step.sync(tensor([1])).item()).toBe(1)
    isClosed = true
    await wait(20)
  })

  test.each(ways)('%s: progress is told a few times a second, and at the end', async (_, makeLoader) => {
    const { step } = counting(size)
    const told: EpochProgress<Tensor>[] = []
    const begin = performance.now()
    const count = backend === 'native' ? 400 : 150
    const { losses, mean } = await step.epoch(makeLoader(count), { onProgress: p => told.push(p) })
    const took = performance.now() - begin
    expect(told.length).toBeGreaterThan(0)
    expect(told.length).toBeLessThanOrEqual(1 + Math.ceil(took / 100))
    expect(told.map(({ batch }) => batch)).toEqual([...new Set(told.map(({ batch }) => batch))].sort((a, b) => a - b))
    for (const { batch, batches, samples, loss } of told) {
      expect([batches, samples, loss]).toEqual([count, batch, losses.data[batch - 1]])
    }
    const { mean: so, ...last } = told[told.length - 1]
    expect(last).toEqual({ batch: count, batches: count, samples: count, loss: losses.data[count - 1] })
    expect(so).toBe(mean)
  })

  test.each(ways)('%s: an exception in onProgress ends it', async (_, makeLoader) => {
    const { step, count } = counting(size)
    const onProgress = (): void => {
      throw new Error('watching')
    }
    await expect(step.epoch(makeLoader(100_000), { onProgress })).rejects.toThrow('watching')
    expect(count()).toBeGreaterThan(0)
    expect(count()).toBeLessThan(100_000)
    expect(bg.getRandomState()).toHaveLength(4)
  })

  test.each(
    ways,
  )('%s: a bad index is told with its batch; state is as after the batch before', async (_, makeLoader) => {
    const makeStep = () => {
      const table = new nn.Parameter(bg.ones([15, 2]))
      const optimizer = new optim.SGD([table], { lr: 0.5 })
      const step = compile((x: Tensor) => {
        optimizer.zeroGrad()
        const loss = bg
          .embedding(table, x.to('int32').reshape([-1]))
          .add(bg.rand([1, 2]))
          .sum()
        loss.backward()
        optimizer.step()
        return loss
      })
      return { table, optimizer, step }
    }
    const one = makeStep()
    bg.manualSeed(1)
    const expected: unknown[] = []
    for (let i = 0; i < 15; i++) {
      one.optimizer.lr = 1 / (i + 1)
      one.step.sync(tensor([[i]]))
    }
    expect(() => one.step.sync(tensor([[15]]))).toThrow('embedding: index 15 at position 0 is out of range for 15 rows')
    expected.push(one.table.toArray(), one.optimizer.lr, bg.getRandomState())
    const other = makeStep()
    bg.manualSeed(1)
    const schedule = { optimizer: other.optimizer, lr: (i: number) => 1 / (i + 1) }
    await expect(other.step.epoch(makeLoader(20), { schedule })).rejects.toThrow(
      expect.objectContaining({
        code: 'INDEX',
        message: 'embedding: index 15 at position 0 is out of range for 15 rows (batch 15 of the epoch)',
      }),
    )
    expect([other.table.toArray(), other.optimizer.lr, bg.getRandomState()]).toEqual(expected)
  })

  test('modes hold for an epoch as they were at the call', async () => {
    class Moded extends nn.Module {
      readonly weight = new nn.Parameter([1])
      forward(x: Tensor): Tensor {
        return this.training ? x.mul(this.weight) : x.mul(0)
      }
    }
    const model = new Moded()
    const step = compile((x: Tensor) => model.forward(x).sum())
    const dataset = new data.TensorDataset(bg.ones([1000]))
    const running = step.epoch(new data.DataLoader(dataset, { batchSize: 3 }))
    model.eval()
    expect((await running).losses.data.every(value => value > 0)).toBe(true)
    model.train()
    // Where batches are awaited: as with the first.
    let batches = 0
    const transform = (batch: [Tensor]): [Tensor] => {
      if (batches++ === 1) model.eval()
      return batch
    }
    const awaited = await step.epoch(new data.DataLoader(dataset, { batchSize: 2, transform }))
    expect(awaited.losses.data.every(value => value > 0)).toBe(true)
    model.train()
    batches = 0
    await expect(step.epoch(new data.DataLoader(dataset, { batchSize: 3, transform }))).rejects.toThrow(
      'epoch: expected training mode, requiresGrad and modules as they were at the call',
    )
    model.train()
  })

  test('the generator and the rates stay with their epoch; a last batch that is smaller too', async () => {
    const alone = startTraining()
    bg.manualSeed(9)
    const expected = await alone.step.epoch(loaderOf(points(3 * batchSize + 1)))
    const beside = startTraining()
    const look = compile((x: Tensor) => x.sum())
    bg.manualSeed(9)
    const dataset = points(3 * batchSize + 1)
    const [result] = await Promise.all([
      beside.step.epoch(loaderOf(dataset)),
      ...Array.from({ length: 20 }, (_, i) => look(tensor([i]))),
    ])
    expect(result.losses.toArray()).toEqual(expected.losses.toArray())
    expect(beside.weights()).toEqual(alone.weights())
  })

  test('one loader, the same step, one after another: epochs go on where the last ended', async () => {
    const { step } = startTraining()
    const loader = loaderOf(points(40))
    const first = await step.epoch(loader)
    let last = first
    for (let i = 0; i < 30; i++) last = await step.epoch(loader)
    expect(last.mean).toBeLessThan(first.mean)
    expect(loader.epoch).toBe(31)
  })
})

// The reference backend runs a batch in place: it has no thread.
test.runIf(backendsUnderTest.includes('native'))('the event loop goes on while an epoch runs', async () => {
  bg.setBackend('native')
  const { step } = counting(600)
  const loader = new data.DataLoader(numbers(30))
  let ticks = 0
  await step.epoch(new data.DataLoader(numbers(2)))
  const timer = setInterval(() => ticks++, 1)
  await step.epoch(loader)
  clearInterval(timer)
  // In place it would leave one a batch at most.
  expect(ticks).toBeGreaterThan(3)
})
