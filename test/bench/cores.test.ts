// Samples are taken between probes that find two whole cores, and again where one does not, for as long as there is patience.

import { expect, test } from 'vitest'
import { PeerError } from '../../bench/peers/peer.js'
import { CoreWatch, scalingCell } from '../../bench/support/cores.js'

/** A watch with probes that give these values in turn, the last of them for ever, and what was done in which order. */
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

test('with whole cores each sample is taken once, and the probe after one is the probe before the next', async () => {
  const { done, watch, take } = machine(1.9, 1.8, 1.85)
  expect([await take(), await take()]).toEqual([1, 2])
  expect(done).toEqual(['probe', 'sample', 'probe', 'sample', 'probe'])
  expect(watch.scaling).toEqual({ least: 1.8, retaken: 0 })
  expect(watch.spent).toBe(0)
})

test('it waits until the cores are whole', async () => {
  const { done, watch, take } = machine(1, 1.2, 1.9, 1.8)
  expect(await take()).toBe(1)
  expect(done).toEqual(['probe', 'wait', 'probe', 'wait', 'probe', 'sample', 'probe'])
  expect(watch.scaling).toEqual({ least: 1.8, retaken: 0 })
})

test('where they were not whole afterwards, the sample is taken again', async () => {
  const { done, watch, take } = machine(1.9, 1, 1.8, 1.75)
  expect(await take()).toBe(2)
  expect(done).toEqual(['probe', 'sample', 'probe', 'wait', 'probe', 'sample', 'probe'])
  expect(watch.scaling).toEqual({ least: 1.75, retaken: 1 })
})

test('a machine that never has them is timed all the same when patience is at its end', async () => {
  const { done, watch, take } = machine(1)
  expect(await take()).toBe(1)
  expect(done.filter(what => what === 'wait')).toHaveLength(20)
  const before = done.length
  expect(await take()).toBe(2)
  expect(done.slice(before)).toEqual(['sample', 'probe'])
  expect(watch.scaling).toEqual({ least: 1, retaken: 0 })
})

test('of attempts that all had no whole cores, the one that had most of them counts', async () => {
  // 500 ms a sample and 100 a wait: after four attempts patience is at its end, and the fifth is the last.
  const { watch, take } = machine(1.9, 1.2, 1.8, 1.5, 1.75, 1.4, 1.8, 1.1)
  expect(await take()).toBe(2)
  expect(watch.scaling).toEqual({ least: 1.5, retaken: 4 })
})

test('where it cannot be tried, samples are taken once', async () => {
  const { done, watch, take } = machine(null)
  expect([await take(), await take()]).toEqual([1, 2])
  expect(done.filter(what => what === 'wait')).toHaveLength(0)
  expect(watch.scaling).toBeNull()
})

test('what fails is not taken again', async () => {
  const { watch } = machine(1.9)
  const failing = watch.take(async () => {
    throw new PeerError('gone')
  })
  await expect(failing).rejects.toThrow('gone')
})

test('the worst probe is shown, and marked where it is not two whole cores', () => {
  expect(scalingCell({ least: 1.75, retaken: 2 })).toBe('1.75')
  expect(scalingCell({ least: 1.2, retaken: 9 })).toBe('1.20!')
  expect(scalingCell(null)).toBe('')
})
