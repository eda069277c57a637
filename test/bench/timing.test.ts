// The benches' timing on a clock that the contestants move themselves: what is computed, not how fast anything is.

import { expect, test } from 'vitest'
import { compare, fullPlan, median, type Plan, smokePlan } from '../../bench/support/timing.js'

/** A clock that stands still but for `pass`. */
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

test('a figure is microseconds of one run: median, smallest and largest of the rounds', () => {
  const { now, pass } = clock()
  const times = [9, 4, 2, 100, 3, 5]
  const { a } = compare([{ name: 'a', run: () => pass(times.shift() as number) }], plan(5), now)
  expect(a).toEqual({ median: 4000, min: 2000, max: 100_000, repetitions: 1 })
})

test('contestants take turns, and every other round is in reverse', () => {
  const { now, pass } = clock()
  const order: string[] = []
  const contestant = (name: string) => ({
    name,
    run: () => {
      order.push(name)
      pass(1)
    },
  })
  compare(['a', 'b', 'c'].map(contestant), plan(3), now)
  expect(order.join('')).toBe('abc' + 'abc' + 'cba' + 'abc')
})

test('a short run is repeated until a sample is long enough, and counted once', () => {
  const { now, pass } = clock()
  const { a, b } = compare(
    [
      { name: 'a', run: () => pass(0.1) },
      { name: 'b', run: () => pass(50) },
    ],
    fullPlan,
    now,
  )
  expect(a.repetitions * 0.1).toBeGreaterThanOrEqual(fullPlan.sampleMs - 1e-9)
  expect(a.repetitions * 0.1).toBeLessThan(2 * fullPlan.sampleMs)
  expect(a.median).toBeCloseTo(100)
  expect(b.repetitions).toBe(1)
  expect(b.median).toBeCloseTo(50_000)
})

test('the warm-up lasts as long as the plan says', () => {
  const { now, pass } = clock()
  let runs = 0
  const run = () => {
    runs++
    pass(4)
  }
  compare([{ name: 'a', run }], { rounds: 2, sampleMs: 2, warmUpMs: 15 }, now)
  expect(runs).toBe(4 + 2)
})

test('what prepares a sample is not timed, and comes once before each', () => {
  const { now, pass } = clock()
  const order: string[] = []
  const { a } = compare(
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
    now,
  )
  expect(order).toEqual(['prepare', 'run', 'prepare', 'run', 'prepare', 'run'])
  expect(a.max).toBe(1000)
})

test('a smoke run warms up once and samples once', () => {
  const { now, pass } = clock()
  let runs = 0
  const run = () => {
    runs++
    pass(1)
  }
  compare([{ name: 'a', run }], smokePlan, now)
  expect(runs).toBe(2)
})
