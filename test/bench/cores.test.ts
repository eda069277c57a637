// What is timed waits for two whole cores, and is timed again where they were not there afterwards.

import { expect, test } from 'vitest'
import { onWholeCores, scalingCell } from '../../bench/support/cores.js'

/** Probes that give these values in turn, and what was done in which order. */
function machine(...scalings: (number | null)[]) {
  const done: string[] = []
  let attempts = 0
  return {
    done,
    run: () =>
      onWholeCores(
        async () => {
          done.push('probe')
          return scalings.length > 1 ? (scalings.shift() ?? null) : scalings[0]
        },
        async () => {
          done.push('attempt')
          return ++attempts
        },
        async () => done.push('wait'),
      ),
  }
}

test('with whole cores it is timed once', async () => {
  const { done, run } = machine(1.9, 1.8)
  expect(await run()).toEqual({ result: 1, scaling: { before: 1.9, after: 1.8 } })
  expect(done).toEqual(['probe', 'attempt', 'probe'])
})

test('it begins when the cores are whole', async () => {
  const { done, run } = machine(1, 1.2, 1.9, 1.8)
  expect(await run()).toEqual({ result: 1, scaling: { before: 1.9, after: 1.8 } })
  expect(done).toEqual(['probe', 'wait', 'probe', 'wait', 'probe', 'attempt', 'probe'])
})

test('where they were not whole afterwards, the better of two attempts counts', async () => {
  expect(await machine(1.9, 1, 1.8, 1.75).run()).toEqual({ result: 2, scaling: { before: 1.8, after: 1.75 } })
  expect(await machine(1.9, 1.2, 1.9, 1.1).run()).toEqual({ result: 1, scaling: { before: 1.9, after: 1.2 } })
})

test('a machine that never has them is timed all the same', async () => {
  const { done, run } = machine(1)
  expect(await run()).toEqual({ result: 1, scaling: { before: 1, after: 1 } })
  expect(done.filter(what => what === 'attempt')).toHaveLength(2)
  expect(done.filter(what => what === 'wait')).toHaveLength(8)
})

test('where it cannot be tried it is timed once', async () => {
  const { done, run } = machine(null)
  expect(await run()).toEqual({ result: 1, scaling: null })
  expect(done.filter(what => what === 'attempt')).toHaveLength(1)
})

test('the worse probe counts, and is marked where it is not two whole cores', () => {
  expect(scalingCell({ before: 1.92, after: 1.75 })).toBe('1.75')
  expect(scalingCell({ before: 1.2, after: 1.9 })).toBe('1.20!')
  expect(scalingCell(null)).toBe('')
})
