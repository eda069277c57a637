// A program is planned at once where it is needed at once, else in turns of the event loop: with the same result.

import { describe, expect, test } from 'vitest'
import { interpret } from '../../lib/compile/interpreter.js'
import { LazyPlan } from '../../lib/compile/lazy-plan.js'
import { finish, inTurns } from '../../lib/compile/parts.js'
import { makePlan, makePlanInParts } from '../../lib/compile/planner.js'
import { compile, data, manualSeed, nn, optim, randn, setBackend, type Tensor } from '../../lib/index.js'
import { backendsUnderTest } from '../support/backends.js'
import { Random } from '../support/random.js'
import { Builder } from './support/builder.js'

/** A chain of sums, each of which is read once: `count` calls, of which every other is a reduction. */
function chain(count: number) {
  const b = new Builder()
  let x = b.argument(64)
  for (let i = 0; i < count; i++) {
    const [y, total, next] = [b.made(64), b.made(1), b.made(64)]
    b.call('exp', 1, 64, 0, x, y)
    b.call('sum', 1, 64, 1, y, total)
    b.call('sub', 1, 64, 0, 1, y, total, next)
    x = next
  }
  return b.program(x)
}

const malformed = () => {
  const b = new Builder()
  b.call('exp', 1, 6, 0, b.made(6), b.made(6))
  return b.program()
}

describe('in parts', () => {
  test('there are many, and they make the same plan', () => {
    const program = chain(200)
    const parts = makePlanInParts(program, { fusion: true })
    let count = 0
    for (;;) {
      const { done, value } = parts.next()
      if (done !== true) {
        count++
        continue
      }
      expect(value).toEqual(makePlan(program, { fusion: true }))
      break
    }
    expect(count).toBeGreaterThan(50)
  })

  test('what is begun in turns may be finished at once', async () => {
    const program = chain(300)
    const planned = new LazyPlan(program, { fusion: true }, interpret, () => {})
    const prepared = planned.prepare()
    expect(planned.isReady).toBe(false)
    await new Promise(resolve => setImmediate(resolve))
    const { made } = planned
    expect(planned.isReady).toBe(true)
    await prepared
    expect(planned.made).toBe(made)
    expect(made.plan).toEqual(makePlan(program, { fusion: true }))
  })

  test.each([
    ['at once', async () => {}],
    ['in turns', (planned: LazyPlan) => planned.prepare()],
  ] as const)('what cannot be planned throws each time, and tells so once: %s', async (_, prepare) => {
    let failures = 0
    const planned = new LazyPlan(malformed(), { fusion: true }, interpret, () => {
      failures++
    })
    await prepare(planned)
    for (let i = 0; i < 2; i++) expect(() => planned.made).toThrow('to be written before it is read')
    expect([planned.isReady, failures]).toEqual([true, 1])
  })

  test('turns are taken between parts, not between all', async () => {
    let [count, turns, isOver] = [0, 0, false]
    const turn = (): void => {
      turns++
      if (!isOver) setImmediate(turn)
    }
    setImmediate(turn)
    await inTurns(() => {
      for (const end = performance.now() + 1; performance.now() < end; );
      return ++count === 40
    })
    isOver = true
    expect(turns).toBeGreaterThan(5)
    expect(turns).toBeLessThanOrEqual(count + 2)
    expect(finish((function* () {})())).toBeUndefined()
  })
})

/** A deep network whose step takes 700 calls. */
function startTraining() {
  manualSeed(2)
  const layers = Array.from({ length: 30 }, () => [new nn.Linear(8, 8), new nn.LayerNorm(8), new nn.ReLU()]).flat()
  const model = new nn.Sequential(...layers)
  const optimizer = new optim.Adam(model.parameters())
  const step = compile((x: Tensor) => {
    optimizer.zeroGrad()
    const loss = model.forward(x).pow(2).mean()
    loss.backward()
    optimizer.step()
    return loss
  })
  return { step, weights: () => model.parameters().map(parameter => parameter.toArray()), model }
}

describe.each(backendsUnderTest)('on %s: a first call of many kernels', backend => {
  const batches = Array.from({ length: 4 }, (_, i) => new Random(i)).map(random =>
    Float32Array.from({ length: 4 * 8 }, () => random.between(-1, 1)),
  )
  const batchOf = (values: Float32Array): Tensor => randn([4, 8]).assign(values)
  const expected = (() => {
    setBackend(backend)
    const { step, weights } = startTraining()
    const losses = batches.map(batch => step.sync(batchOf(batch)).item())
    return { losses, weights: weights() }
  })()

  test('is planned in turns; the argument is as it was at the call, state is busy, calls stay in order', async () => {
    setBackend(backend)
    const { step, weights, model } = startTraining()
    const x = batchOf(batches[0])
    const first = step(x)
    x.assign(new Float32Array(4 * 8))
    const others = batches.slice(1).map(batch => step(batchOf(batch)))
    let [turns, isOver] = [0, false]
    first.then(() => {
      isOver = true
    })
    while (!isOver) {
      expect(() => model.parameters()[0].data).toThrow(expect.objectContaining({ code: 'BUSY' }))
      await new Promise(resolve => setImmediate(resolve))
      turns++
    }
    expect(turns).toBeGreaterThan(2)
    const losses = (await Promise.all([first, ...others])).map(loss => loss.item())
    expect(losses).toEqual(expected.losses)
    expect(weights()).toEqual(expected.weights)
  })

  test.each([
    ['rows', {}],
    ['batches that are awaited', { transform: async (batch: [Tensor]) => batch }],
  ] as const)('in an epoch: %s', async (_, options) => {
    setBackend(backend)
    const { step, weights } = startTraining()
    const all = randn([16, 8]).assign(batches.flatMap(batch => [...batch]))
    const loader = new data.DataLoader<[Tensor], [Tensor]>(new data.TensorDataset(all), { batchSize: 4, ...options })
    expect((await step.epoch(loader)).losses.toArray()).toEqual(expected.losses)
    expect(weights()).toEqual(expected.weights)
  })
})
