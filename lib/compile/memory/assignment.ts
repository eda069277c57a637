// Memory planning: assigns each value a buffer in the arena. Values whose live ranges do not overlap share memory, and an
// output takes the buffer of an input that is read for the last time, where the kernel may work in place.

import { sizeOf } from '../analysis/effects.js'
import { finish, type Parts } from '../parts.js'
import type { Step } from '../plan.js'
import type { Program } from '../program.js'
import { type LiveRange, liveRangesOf, reusesOf } from './liveness.js'
import { Occupancy } from './occupancy.js'

/** Every value begins on a cache line of its own. */
export const alignment = 64
export const aligned = (bytes: number): number => Math.ceil(bytes / alignment) * alignment

/** One buffer, and the values that follow one another in it. */
interface Slot extends LiveRange {
  readonly bytes: number
  readonly values: number[]
  offset: number
}

export interface Assignment {
  readonly arenaBytes: number
  /** By value, −1 for what lies elsewhere or nowhere. */
  readonly offsets: readonly number[]
}

export const assignBuffers = (program: Program, steps: readonly Step[]): Assignment =>
  finish(assignBuffersInParts(program, steps))

/** The same, in parts. */
export function* assignBuffersInParts(program: Program, steps: readonly Step[]): Parts<Assignment> {
  const slots = yield* slotsOf(program, steps)
  const arenaBytes = yield* setOffsets(slots)
  const offsets = new Array<number>(program.values.length).fill(-1)
  for (const { values, offset } of slots) for (const id of values) offsets[id] = offset
  return { arenaBytes, offsets }
}

/** A slot for each value in the arena, joined where an output takes over an input's. */
function* slotsOf(program: Program, steps: readonly Step[]): Parts<Slot[]> {
  const { values } = program
  const liveRanges = liveRangesOf(program, steps)
  const slots = new Map<number, Slot>()
  for (const [id, { first, last }] of liveRanges) {
    slots.set(id, { first, last, bytes: aligned(sizeOf(values[id])), values: [id], offset: -1 })
  }
  for (const [at, step] of steps.entries()) {
    if (at % 32 === 0) yield
    const taken = new Set<Slot>()
    for (const { input, output } of reusesOf(values, step)) {
      const [from, to] = [slots.get(input), slots.get(output)]
      if (from === undefined || to === undefined || from.last !== at || to.first !== at) continue
      if (taken.has(from) || taken.has(to)) continue
      taken.add(from)
      from.last = to.last
      from.values.push(...to.values)
      for (const id of to.values) slots.set(id, from)
    }
  }
  return [...new Set(slots.values())]
}

/**
 * Sets the offsets, the largest slots first, each in the smallest gap that is free for its whole liveRange.
 * @returns the bytes of the arena.
 */
function* setOffsets(slots: readonly Slot[]): Parts<number> {
  const occupancy = new Occupancy(slots.reduce((steps, { last }) => Math.max(steps, last + 2), 0))
  let arenaBytes = 0
  for (const [at, slot] of slots.toSorted((a, b) => b.bytes - a.bytes || a.first - b.first).entries()) {
    if (at % 16 === 0) yield
    const [first, last] = [slot.first + 1, slot.last + 1]
    slot.offset = occupancy.smallestGap(first, last, slot.bytes)
    const end = slot.offset + slot.bytes
    occupancy.occupy(first, last, slot.offset, end)
    arenaBytes = Math.max(arenaBytes, end)
  }
  return arenaBytes
}
