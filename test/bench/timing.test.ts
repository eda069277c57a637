// The benches' timing, on a clock that the contestants advance themselves.

import { expect, test } from 'vitest'
import { compare, fullPlan, median, type Plan, race, sampleAwaiting, smokePlan } from '../../bench/support/timing.js'

/** A clock that only `pass` advances. */
function clock() {
  let time = 0
  return {
    now: () => time,
    pass: (ms: number) => {
      time += ms
    },
  }
}

/** Without repetitions: one run a sample. */
const plan = (rounds: number): Plan => ({ rounds, sampleMs: 1, warmUpMs: 1 })

test('the median is the middle value, or the mean of the two in the middle', () => {
  expect(median([5])).toBe(5)
  expect(median([30, 1, 2])).toBe(2)
  expect(median([9, 1, 10, 2])).toBe(5.5)
})

test('median does not reorder its argument', () => {
  const values = [3, 1, 2]
  median(values)
  expect(values).toEqual([3, 1, 2])
})

test('a figure is microseconds of one run: median, smallest and largest of the rounds', async () => {
  const { now, pass } = clock()
  const times = [9, 4, 2, 100, 3, 5]
  const { a } = await compare([{ name: 'a', run: () => pass(times.shift() as number) }], plan(5), { now })
  expect(a).toEqual({
    median: 4000,
    min: 2000,
    max: 100_000,
    repetitions: 1,
    samples: [4000, 2000, 100_000, 3000, 5000],
  })
})

test('contestants alternate, and every other round is in reverse order', async () => {
  const { now, pass } = clock()
  const order: string[] = []
  const contestant = (name: string) => ({
    name,
    run: () => {
      order.push(name)
      pass(1)
    },
  })
  await compare(['a', 'b', 'c'].map(contestant), plan(3), { now })
  expect(order.join('')).toBe('abc' + 'abc' + 'cba' + 'abc')
})

test('a short run is repeated until a sample is long enough, and counted once', async () => {
  const { now, pass } = clock()
  const { a, b } = await compare(
    [
      { name: 'a', run: () => pass(0.1) },
      { name: 'b', run: () => pass(50) },
    ],
    fullPlan,
    { now },
  )
  expect(a.repetitions * 0.1).toBeGreaterThanOrEqual(fullPlan.sampleMs - 1e-9)
  expect(a.repetitions * 0.1).toBeLessThan(2 * fullPlan.sampleMs)
  expect(a.median).toBeCloseTo(100)
  expect(b.repetitions).toBe(1)
  expect(b.median).toBeCloseTo(50_000)
})

test('the warm-up lasts as long as the plan says', async () => {
  const { now, pass } = clock()
  let runs = 0
  const run = () => {
    runs++
    pass(4)
  }
  await compare([{ name: 'a', run }], { rounds: 2, sampleMs: 2, warmUpMs: 15 }, { now })
  expect(runs).toBe(4 + 2)
})

test('prepare runs once before each sample, untimed', async () => {
  const { now, pass } = clock()
  const order: string[] = []
  const { a } = await compare(
    [
      {
        name: 'a',
        prepare: () => {
          order.push('prepare')
          pass(1000)
        },
        run: () => {
          order.push('run')
          pass(1)
        },
      },
    ],
    plan(2),
    { now },
  )
  expect(order).toEqual(['prepare', 'run', 'prepare', 'run', 'prepare', 'run'])
  expect(a.max).toBe(1000)
})

test('a smoke run warms up once and samples once', async () => {
  const { now, pass } = clock()
  let runs = 0
  const run = () => {
    runs++
    pass(1)
  }
  await compare([{ name: 'a', run }], smokePlan, { now })
  expect(runs).toBe(2)
})

test('1/8 of a sample’s runs precede it untimed; a single run has none', async () => {
  const { now, pass } = clock()
  let runs = 0
  const run = (): void => {
    runs++
    pass(runs <= 1 ? 1 : 0.125)
  }
  const { a } = await compare([{ name: 'a', run }], { rounds: 1, sampleMs: 2, warmUpMs: 0 }, { now })
  // Warm-up: 1, then 1 + 2, 1 + 4, 1 + 8, 2 + 16 runs, and as many again are the sample.
  expect(a.repetitions).toBe(16)
  expect(runs).toBe(1 + 3 + 5 + 9 + 18 + 18)
  expect(a.median).toBe(125)
})

test('a contestant that times itself alternates with the others', async () => {
  const { now, pass } = clock()
  const asked: number[] = []
  const sample = async (runs: number): Promise<number> => {
    asked.push(runs)
    return runs * 0.25
  }
  const { figures } = await race(
    [
      { name: 'self', sample },
      { name: 'a', run: () => pass(1) },
    ],
    plan(2),
    { now },
  )
  expect(asked).toEqual([1, 2, 4, 4, 4])
  expect(figures.self?.median).toBe(250)
  expect(figures.a?.median).toBe(1000)
})

test('each awaited run ends before the next begins', async () => {
  let [open, most, runs] = [0, 0, 0]
  const run = async (): Promise<void> => {
    most = Math.max(most, ++open)
    await new Promise(resolve => setImmediate(resolve))
    open--
    runs++
  }
  expect(await sampleAwaiting(run, 16)).toBeGreaterThan(0)
  expect([most, runs]).toEqual([1, 18])
})

test('a slow contestant takes part in the first rounds only, at least three', async () => {
  const { now, pass } = clock()
  const contestant = (name: string, ms: number) => ({ name, run: () => pass(ms) })
  const { figures } = await race(
    [contestant('slow', 100), contestant('slower', 1000), contestant('quick', 1)],
    { rounds: 7, sampleMs: 1, warmUpMs: 1, mostMs: 500 },
    { now },
  )
  const rounds = Object.values(figures).map(figure => figure?.samples.length)
  expect(rounds).toEqual([5, 3, 7])
})

test('a race takes its samples by the given function, and still alternates', async () => {
  const { now, pass } = clock()
  const times = [1, 5, 1, 7, 2]
  const contestant = { name: 'a', run: () => pass(times.shift() as number) }
  let attempts = 0
  const { a } = await compare([contestant], plan(2), {
    now,
    take: async attempt => {
      await attempt()
      attempts++
      return attempt()
    },
  })
  expect(a.samples).toEqual([1000, 2000])
  expect(attempts).toBe(2)
})
