// The smallest gap that is found is the one that a look at every buffer finds.

import { expect, test } from 'vitest'
import { Occupancy } from '../../../lib/compile/memory/occupancy.js'
import { Random } from '../../support/random.js'

interface Buffer {
  readonly first: number
  readonly last: number
  readonly start: number
  readonly end: number
}

/** Where `bytes` fit, found from all buffers. */
function smallestGap(buffers: readonly Buffer[], first: number, last: number, bytes: number): number {
  let end = 0
  let [best, least] = [-1, Number.POSITIVE_INFINITY]
  for (const buffer of buffers.toSorted((a, b) => a.start - b.start)) {
    if (buffer.last < first || last < buffer.first) continue
    const gap = buffer.start - end
    if (gap >= bytes && gap < least) [best, least] = [end, gap]
    end = Math.max(end, buffer.end)
  }
  return best === -1 ? end : best
}

test.each([1, 2, 3, 17, 64, 100])('among buffers over %i steps', steps => {
  const random = new Random(steps)
  for (let round = 0; round < 20; round++) {
    const occupancy = new Occupancy(steps)
    const buffers: Buffer[] = []
    for (let i = 0; i < 60; i++) {
      const first = random.integer(steps)
      const last = first + random.integer(Math.min(steps - first, random.integer(4) === 0 ? steps : 8))
      const bytes = 64 * (1 + random.integer(9))
      const start = occupancy.smallestGap(first, last, bytes)
      expect(start).toBe(smallestGap(buffers, first, last, bytes))
      const end = start + bytes
      // Now and then nothing is put there, so that buffers lie anywhere and beside free memory of any size.
      if (random.integer(5) === 0) continue
      occupancy.occupy(first, last, start, end)
      buffers.push({ first, last, start, end })
    }
  }
})

test('an empty arena, and a gap of exactly the bytes', () => {
  const occupancy = new Occupancy(4)
  expect(occupancy.smallestGap(0, 3, 64)).toBe(0)
  occupancy.occupy(0, 1, 0, 64)
  occupancy.occupy(1, 1, 128, 192)
  expect(occupancy.smallestGap(1, 1, 64)).toBe(64)
  expect(occupancy.smallestGap(1, 1, 128)).toBe(192)
  expect(occupancy.smallestGap(0, 0, 128)).toBe(64)
  expect(occupancy.smallestGap(2, 3, 128)).toBe(0)
})
