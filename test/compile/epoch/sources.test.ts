// The rows of an epoch move to memory of their own a slice at a time: what may happen meanwhile, and that the event loop
// goes on.

import { beforeAll, describe, expect, test } from 'vitest'
import * as bg from '../../../lib/index.js'
import { compile, data, nn, type Tensor } from '../../../lib/index.js'
import { backendsUnderTest } from '../../support/backends.js'

const [rows, width] = [20_000, 64]

/** Five slices of rows; each is its number throughout. */
const numbers = (): Tensor =>
  bg
    .arange(rows)
    .reshape([rows, 1])
    .mul(bg.ones([1, width]))
const loaderOf = (x: Tensor, options = {}): data.DataLoader<[Tensor]> =>
  new data.DataLoader<[Tensor], [Tensor]>(new data.TensorDataset(x), { batchSize: 1000, ...options })

/** Adds up what it sees, in the order in which it sees it. */
function summing() {
  const sum = new nn.Parameter([0])
  const step = compile((x: Tensor) => {
    const mean = x.mean()
    sum.assign(sum.mul(0.5).add(mean))
    return mean
  })
  return { sum, step }
}

const nextTurn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

describe.runIf(backendsUnderTest.includes('native'))('rows of many bytes', () => {
  beforeAll(() => bg.setBackend('native'))

  test('to the bit as a loop, in its order, in the first epoch and the next', async () => {
    const [one, other] = [summing(), summing()]
    const options = { shuffle: true, seed: 3, batchSize: 999 }
    const [a, b] = [loaderOf(numbers(), options), loaderOf(numbers(), options)]
    for (let epoch = 0; epoch < 2; epoch++) {
      const expected = [...a].map(batch => one.step.sync(...batch).item())
      const { losses } = await other.step.epoch(b)
      expect(losses.toArray()).toEqual(expected)
      expect(other.sum.toArray()).toEqual(one.sum.toArray())
    }
  })

  test('state is busy meanwhile, the rows can be read; afterwards they are in memory that stays', async () => {
    const x = numbers()
    const { sum, step } = summing()
    const running = step.epoch(loaderOf(x))
    await nextTurn()
    await nextTurn()
    expect(() => sum.item()).toThrow(expect.objectContaining({ code: 'BUSY' }))
    expect(x.storage.isFixed).toBe(false)
    expect(x.slice([5, 6]).mean().item()).toBe(5)
    await running
    expect(x.storage.isFixed).toBe(true)
    expect(x.mean().item()).toBeCloseTo((rows - 1) / 2)
  })

  test('what is written to the rows while they move is there', async () => {
    const x = numbers()
    const running = summing().step.epoch(loaderOf(x))
    await nextTurn()
    await nextTurn()
    x.assign(bg.ones([rows, width]))
    expect((await running).losses.toArray()).toEqual(new Array(rows / 1000).fill(1))
    expect(x.sum().item()).toBe(rows * width)
  })

  test('a view that is taken while they move stays one', async () => {
    const x = numbers()
    const running = summing().step.epoch(loaderOf(x))
    await nextTurn()
    await nextTurn()
    const view = x.data
    const { losses } = await running
    expect(losses.data[1]).toBeCloseTo(1499.5)
    view[0] = 77
    expect(x.data).toBe(view)
    expect(x.slice([0, 1], [0, 1]).item()).toBe(77)
    const { mean } = await summing().step.epoch(loaderOf(x))
    expect(mean).toBeGreaterThan(0)
  })

  test('elements that are transferred away while they move end the epoch', async () => {
    const x = numbers()
    const { step, sum } = summing()
    const running = step.epoch(loaderOf(x))
    await nextTurn()
    await nextTurn()
    structuredClone(x.data.buffer, { transfer: [x.data.buffer as ArrayBuffer] })
    await expect(running).rejects.toThrow('epoch: ')
    expect(sum.item()).toBe(0)
  })

  test('two epochs over the same rows wait for one move', async () => {
    const loader = loaderOf(numbers())
    const [a, b] = [summing(), summing()]
    const [one, other] = await Promise.all([a.step.epoch(loader), b.step.epoch(loader)])
    expect(one.losses.toArray()).toEqual(other.losses.toArray())
    expect(one.losses.data[0]).toBeCloseTo(499.5)
  })

  test('an abort while they move ends the epoch; the next finds them', async () => {
    const loader = loaderOf(numbers())
    const { step, sum } = summing()
    const controller = new AbortController()
    const running = step.epoch(loader, { signal: controller.signal })
    await nextTurn()
    controller.abort(new Error('enough'))
    await expect(running).rejects.toThrow('enough')
    expect(sum.item()).toBe(0)
    expect((await step.epoch(loader)).losses.shape).toEqual([rows / 1000])
  })

  // Copied at once they would hold the event loop for 50 ms and more.
  test('the event loop goes on while 100 MB move', async () => {
    const x = bg.ones([200_000, 128])
    const running = summing().step.epoch(loaderOf(x))
    let turns = 0
    for (; !x.storage.isFixed; turns++) await nextTurn()
    await running
    expect(turns).toBeGreaterThan(50)
  })
})
