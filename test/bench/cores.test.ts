// Samples count between two probes on unthrottled cores; others are repeated until a time limit.

import { expect, test } from 'vitest'
import { PeerError } from '../../bench/peers/peer.js'
import { CoreWatch, scalingCell } from '../../bench/support/cores.js'

/** A watch whose probes return these values, the last one repeatedly, and a log of its actions. */
function machine(...scalings: (number | null)[]) {
  const done: string[] = []
  let [samples, time] = [0, 0]
  const watch = new CoreWatch({
    probe: async () => {
      done.push('probe')
      return scalings.length > 1 ? (scalings.shift() ?? null) : scalings[0]
    },
    now: () => time,
    wait: async () => done.push('wait'),
    patience: 2000,
  })
  const take = () =>
    watch.take(async () => {
      done.push('sample')
      time += 500
      return ++samples
    })
  return { done, watch, take }
}

test('on unthrottled cores each sample is taken once, and the probe after it serves the next', async () => {
  const { done, watch, take } = machine(1.9, 1.8, 1.85)
  expect([await take(), await take()]).toEqual([1, 2])
  expect(done).toEqual(['probe', 'sample', 'probe', 'sample', 'probe'])
  expect(watch.scaling).toEqual({ least: 1.8, retaken: 0 })
  expect(watch.spent).toBe(0)
})

test('it waits for unthrottled cores', async () => {
  const { done, watch, take } = machine(1, 1.2, 1.9, 1.8)
  expect(await take()).toBe(1)
  expect(done).toEqual(['probe', 'wait', 'probe', 'wait', 'probe', 'sample', 'probe'])
  expect(watch.scaling).toEqual({ least: 1.8, retaken: 0 })
})

test('a sample is repeated if the cores are throttled afterwards', async () => {
  const { done, watch, take } = machine(1.9, 1, 1.8, 1.75)
  expect(await take()).toBe(2)
  expect(done).toEqual(['probe', 'sample', 'probe', 'wait', 'probe', 'sample', 'probe'])
  expect(watch.scaling).toEqual({ least: 1.75, retaken: 1 })
})

test('on a machine that is always throttled samples count once the limit is reached', async () => {
  const { done, watch, take } = machine(1)
  expect(await take()).toBe(1)
  expect(done.filter(what => what === 'wait')).toHaveLength(20)
  const before = done.length
  expect(await take()).toBe(2)
  expect(done.slice(before)).toEqual(['sample', 'probe'])
  expect(watch.scaling).toEqual({ least: 1, retaken: 0 })
})

test('of throttled attempts the least throttled counts', async () => {
  // A sample takes 500 ms, a wait 100: after four attempts the limit is reached, and the fifth is the last.
  const { watch, take } = machine(1.9, 1.2, 1.8, 1.5, 1.75, 1.4, 1.8, 1.1)
  expect(await take()).toBe(2)
  expect(watch.scaling).toEqual({ least: 1.5, retaken: 4 })
})

test('without a probe samples are taken once', async () => {
  const { done, watch, take } = machine(null)
  expect([await take(), await take()]).toEqual([1, 2])
  expect(done.filter(what => what === 'wait')).toHaveLength(0)
  expect(watch.scaling).toBeNull()
})

test('an attempt that throws is not repeated', async () => {
  const { watch } = machine(1.9)
  const failing = watch.take(async () => {
    throw new PeerError('gone')
  })
  await expect(failing).rejects.toThrow('gone')
})

test('the cell shows the worst probe, and marks throttled cores', () => {
  expect(scalingCell({ least: 1.75, retaken: 2 })).toBe('1.75')
  expect(scalingCell({ least: 1.2, retaken: 9 })).toBe('1.20!')
  expect(scalingCell(null)).toBe('')
})
