// step.epoch: the same as a loop over the loader, to the bit; its results, schedules, and what it refuses.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as bg from '../../../lib/index.js'
import { compile, data, nn, optim, Tensor, tensor } from '../../../lib/index.js'
import { backendsUnderTest } from '../../support/backends.js'
import { batchSize, loaderOf, points, startTraining } from '../support/training.js'

/** Rows by way of `get`, batches by way of a stream: what is awaited. */
const awaited = {
  dataset: (whole: ReturnType<typeof points>): data.Dataset<[Tensor, Tensor]> => ({
    length: whole.length,
    get: async index => whole.get(index),
  }),
  stream: async function* (loader: Iterable<[Tensor, Tensor]>) {
    for (const batch of loader) {
      await null
      yield batch
    }
  },
}

describe.each(backendsUnderTest)('on %s', backend => {
  const before = bg.getBackend()
  beforeAll(() => bg.setBackend(backend))
  afterAll(() => bg.setBackend(before))

  const count = 5 * batchSize + 3
  const rate = (batch: number): number => 0.05 / (1 + batch)

  /** Two epochs by a loop, with another rate for each batch. */
  function byLoop() {
    const { step, optimizer, weights } = startTraining()
    const losses: number[][] = []
    const loader = loaderOf(points(count))
    bg.manualSeed(6)
    for (let epoch = 0; epoch < 2; epoch++) {
      const row: number[] = []
      for (const [x, y] of loader) {
        optimizer.lr = rate(row.length)
        row.push(step.sync(x, y).item())
      }
      losses.push(row)
    }
    return { losses, weights: weights(), lr: optimizer.lr, random: bg.getRandomState(), epoch: loader.epoch }
  }

  test.each([
    ['rows of tensors', (dataset: ReturnType<typeof points>) => loaderOf(dataset)],
    ['samples that are loaded', (dataset: ReturnType<typeof points>) => loaderOf(awaited.dataset(dataset))],
    ['a transform', (dataset: ReturnType<typeof points>) => loaderOf(dataset, { transform: async batch => batch })],
  ])('%s: an epoch is as a loop, to the bit', async (_, makeLoader) => {
    const expected = byLoop()
    const { step, optimizer, weights } = startTraining()
    const loader = makeLoader(points(count))
    bg.manualSeed(6)
    const losses: number[][] = []
    for (const lr of [rate, Array.from({ length: 6 }, (_, batch) => rate(batch))]) {
      const { losses: tensor, mean } = await step.epoch(loader, { schedule: { optimizer, lr } })
      expect([tensor.shape, tensor.dtype, tensor.requiresGrad]).toEqual([[6], 'float32', false])
      const row = [...tensor.data]
      losses.push(row)
      const weighted = row.reduce((sum, loss, i) => sum + loss * (i < 5 ? batchSize : 3), 0) / count
      expect(mean).toBeCloseTo(weighted, 12)
    }
    const random = bg.getRandomState()
    expect({ losses, weights: weights(), lr: optimizer.lr, random, epoch: loader.epoch }).toEqual(expected)
  })

  test('a stream of whole batches; the rate is computed batch by batch', async () => {
    const expected = byLoop()
    const { step, optimizer, weights } = startTraining()
    const batches = loaderOf(points(count))
    bg.manualSeed(6)
    const rates: number[] = []
    for (let epoch = 0; epoch < 2; epoch++) {
      const loader = new data.DataLoader(awaited.stream(batches), { batchSize: null })
      const lr = (batch: number): number => {
        rates.push(batch)
        return rate(batch)
      }
      const { losses } = await step.epoch(loader, { schedule: { optimizer, lr } })
      expect([...losses.data]).toEqual(expected.losses[epoch])
      expect(loader.epoch).toBe(1)
    }
    expect(weights()).toEqual(expected.weights)
    expect(rates).toEqual([0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5])
    const short = new data.DataLoader(loaderOf(points(count)), { batchSize: null })
    const { lr } = optimizer
    await expect(step.epoch(short, { schedule: { optimizer, lr: [0.5, 0.25] } })).rejects.toThrow('got 2 rates')
    expect(optimizer.lr).toBe(0.25)
    expect(lr).not.toBe(0.25)
  })

  test('dropLast leaves the last batch out; the order is the loader’s own', async () => {
    const dataset = points(count)
    const loader = loaderOf(dataset, { dropLast: true })
    const step = compile((x: Tensor) => x.sum())
    loader.epoch = 3
    const only = new data.DataLoader(new data.TensorDataset(dataset.tensors[0]), {
      batchSize,
      shuffle: true,
      seed: 4,
      dropLast: true,
    })
    only.epoch = 3
    const expected = [...only].map(([x]) => step.sync(x).item())
    only.epoch = 3
    expect([...(await step.epoch(only)).losses.data]).toEqual(expected)
    expect(expected).toHaveLength(5)
    expect([loader.epoch, only.epoch]).toEqual([3, 4])
  })

  test('a structure of scalars: results and means like it, each of its dtype', async () => {
    const w = new nn.Parameter([2])
    const rows = new data.TensorDataset(tensor([[1], [2], [3], [4], [5]]), tensor(Int32Array.of(1, 0, 1, 1, 0)))
    const step = compile((x: Tensor, y: Tensor) => ({ loss: x.mul(w).sum(), counts: [y.sum(), y.sum().greater(1)] }))
    for (const loader of [
      new data.DataLoader(rows, { batchSize: 2 }),
      new data.DataLoader(rows, { batchSize: 2, transform: batch => batch }),
    ]) {
      const progress: unknown[] = []
      const { results, means } = await step.epoch(loader, { onProgress: p => progress.push(p) })
      expect(results.loss.toArray()).toEqual([6, 14, 10])
      expect(results.counts.map(t => t.toArray())).toEqual([
        [1, 2, 0],
        [false, true, false],
      ])
      expect(results.counts.map(t => t.dtype)).toEqual(['int32', 'bool'])
      expect(means).toEqual({ loss: 10, counts: [1.2, 0.4] })
      const last = { loss: 10, counts: [0, 0] }
      // On a busy machine it is also told in between.
      expect(progress.slice(-1)).toEqual([{ batch: 3, batches: 3, samples: 5, results: last, means }])
    }
  })

  test('gradients that are left accumulate from batch to batch, and with what was there', async () => {
    const accumulate = (w: Tensor) =>
      compile((x: Tensor) => {
        const loss = w.mul(x).sum()
        loss.backward()
        return loss
      })
    const rows = new data.TensorDataset(tensor([[1], [2], [3], [4], [5]]))
    const w = new nn.Parameter([2])
    const step = accumulate(w)
    for (const total of [15, 30]) {
      await step.epoch(new data.DataLoader(rows, { batchSize: 2 }))
      expect(w.grad?.toArray()).toEqual([total])
    }
    w.grad = tensor([100])
    await step.epoch(new data.DataLoader(rows, { batchSize: 2 }))
    expect(w.grad?.toArray()).toEqual([115])
    // Every other batch uses the gradient up: each asks for another program than the one before.
    const optimizer = new optim.SGD([w], { lr: 1 })
    const alternate = compile((x: Tensor) => {
      const loss = x.sum()
      if (w.grad === null) w.mul(x).sum().backward()
      else {
        optimizer.step()
        w.zeroGrad()
      }
      return loss
    })
    w.assign([0])
    w.zeroGrad()
    const many = new data.TensorDataset(tensor([[1], [0], [10], [0], [100], [0], [1000]]))
    await alternate.epoch(new data.DataLoader(many))
    expect([w.item(), w.grad?.item()]).toEqual([-111, 1000])
  })

  test('versions are raised: a backward through what an epoch has changed says so', async () => {
    const { step, model } = startTraining()
    const [weight] = model.parameters()
    const { version } = weight.storage
    const loss = weight.mul(weight).sum()
    await step.epoch(loaderOf(points(count)))
    expect(weight.storage.version).toBeGreaterThanOrEqual(version + 6)
    expect(() => loss.backward()).toThrow('changed')
  })

  test('rows that a view was taken of are read as they are when the epoch begins', async () => {
    const rows = new data.TensorDataset(tensor([[1], [2], [3], [4]].map(([v]) => Array(20).fill(v))))
    const [x] = rows.tensors
    const step = compile((x: Tensor) => x.mean())
    const loader = new data.DataLoader(rows, { batchSize: 2 })
    expect((await step.epoch(loader)).losses.toArray()).toEqual([1.5, 3.5])
    x.data.fill(7)
    expect((await step.epoch(loader)).losses.toArray()).toEqual([7, 7])
    x.data[0] = 27
    expect((await step.epoch(loader)).losses.toArray()).toEqual([7.5, 7])
  })

  test('state that can be detached: the same in place', async () => {
    const w = new Tensor(new Float32Array(100).fill(1))
    w.data.fill(1)
    const step = compile((x: Tensor) => {
      w.assign(w.add(x.sum()))
      return w.sum()
    })
    const loader = new data.DataLoader(new data.TensorDataset(tensor([1, 2, 3])))
    const { losses } = await step.epoch(loader)
    expect(losses.toArray()).toEqual([200, 400, 700])
  })

  test('what is refused changes nothing and begins no epoch', async () => {
    const { step, optimizer, weights } = startTraining()
    const loader = loaderOf(points(count))
    const first = weights()
    const other = new optim.SGD([new Tensor([1])])
    const refused: [object | undefined, string][] = [
      [{ epochs: 3 }, 'epoch: expected options schedule, onProgress, signal, got epochs'],
      [{ onProgress: 3 }, 'epoch: expected onProgress to be a function, got 3'],
      [{ signal: {} }, 'epoch: expected signal to be an AbortSignal'],
      [{ schedule: { lr: [1] } }, 'epoch: expected schedule to be { optimizer, lr }'],
      [{ schedule: { optimizer, lr: 0.1 } }, 'epoch: expected schedule to be { optimizer, lr }'],
      [{ schedule: { optimizer, lr: [1, 2] } }, 'epoch: expected a schedule of 6 rates, one for each batch, got 2'],
      [
        { schedule: { optimizer, lr: (batch: number) => 2 - batch } },
        'Adam: expected lr to be a finite number, 0 or more, got -1',
      ],
      [{ schedule: { optimizer, lr: () => '1' } }, 'Adam: expected lr to be a finite number, 0 or more, got "1"'],
      [{ schedule: { optimizer: other, lr: () => 1 } }, 'whose step() the function calls'],
    ]
    for (const [options, message] of refused) {
      await expect(step.epoch(loader, options as never), message).rejects.toThrow(message)
    }
    const images = compile((x: Tensor, y: Tensor) => [x.mul(2), y.sum()])
    await expect(images.epoch(loader)).rejects.toThrow(
      'whose results are scalars, one value for each batch, got one of',
    )
    await expect(step.epoch([[1, 2]] as never)).rejects.toThrow('epoch: expected a DataLoader, got [[1, 2]]')
    const empty = loaderOf(points(3), { dropLast: true })
    await expect(step.epoch(empty)).rejects.toThrow('epoch: expected a loader with at least one batch, got none')
    const none = new data.DataLoader<[Tensor, Tensor]>([])
    await expect(step.epoch(none)).rejects.toThrow('at least one batch')
    const objects = loaderOf(points(3), { transform: (([x]: Tensor[]) => ({ x })) as never })
    await expect(step.epoch(objects)).rejects.toThrow(
      'epoch: expected batches that are lists of the function’s arguments',
    )
    expect(() => compile((x: Tensor) => step.epoch(loader) as never as typeof x).sync(tensor([1]))).toThrow(
      'step.epoch',
    )
    expect([weights(), optimizer.lr, loader.epoch, empty.epoch]).toEqual([first, 0.02, 0, 0])
    expect((await step.epoch(loader)).losses.shape).toEqual([6])
  })

  test('group by group: a function is called for each', async () => {
    const [a, b] = [new nn.Parameter([1]), new nn.Parameter([1])]
    const optimizer = new optim.SGD([{ params: [a] }, { params: [b] }], { lr: 1 })
    const step = compile((x: Tensor) => {
      optimizer.zeroGrad()
      const loss = a.add(b).mul(x).sum()
      loss.backward()
      optimizer.step()
      return loss
    })
    const loader = new data.DataLoader(new data.TensorDataset(tensor([1, 1, 1])))
    await step.epoch(loader, { schedule: [{ optimizer, lr: (batch, group) => (group === 0 ? batch : 10) }] })
    expect([a.item(), b.item()]).toEqual([1 - 0 - 1 - 2, 1 - 30])
    expect(optimizer.paramGroups.map(({ lr }) => lr)).toEqual([2, 10])
  })
})
