// The check of work that is to be done at the same time: that lanes do not meet, and that within a lane a range of rows
// needs the same rows only of what the lane itself makes.

import { bytesOf, type NumberArray } from '../../dtype.js'
import { isGroup, type Region, type Work } from '../plan.js'
import type { Value } from '../program.js'
import { accessesOf, reportsIndex, writes } from './accesses.js'
import { rowsOf } from './rows.js'

/** A piece of work's use of a value's memory. */
interface Touch {
  readonly lane: number
  readonly at: number
  readonly id: number
  readonly written: boolean
  readonly along: boolean
}

/** @param placed an array for each value, where it lies. */
export function checkRegion(
  values: readonly Value[],
  placed: readonly NumberArray[],
  { lanes }: Region,
  fail: (message: string) => never,
): void {
  if (lanes.length === 0 || lanes.some(({ steps }) => steps.length === 0)) fail('expected lanes with steps')
  const touches = lanes.flatMap(({ rows, steps }, lane) =>
    steps.flatMap((work, at): Touch[] => {
      if (!isGroup(work) && reportsIndex(work)) fail('expected no step in a lane that reports an index')
      const own = rows === 1 ? null : rowsOf(values, work)
      if (rows !== 1 && (own === null || !(rows > 0) || own.count % rows !== 0)) {
        fail(`lane ${lane}: expected steps of ${rows} rows, got ${own === null ? 'none' : own.count}`)
      }
      return usesOfWork(values, work).map(use => ({ ...use, lane, at, along: own?.along.has(use.id) ?? false }))
    }),
  )
  for (const [lane, { rows, passing }] of lanes.entries()) {
    for (const id of passing) {
      if (values[id] === undefined) fail(`lane ${lane}: expected a value to pass, got %${id}`)
      const own = touches.filter(touch => touch.id === id || overlap(placed, values, touch.id, id))
      const isPassing = rows > 1 && own[0]?.written && own.every(touch => touch.id === id && touch.along)
      if (!isPassing || values[id].origin.kind !== 'made') fail(`lane ${lane}: expected %${id} to pass row by row`)
    }
  }
  touches.forEach((one, i) => {
    for (const other of touches.slice(0, i)) {
      if (!(one.written || other.written) || !overlap(placed, values, one.id, other.id)) continue
      if (one.lane !== other.lane) fail(`lane ${one.lane}: expected %${one.id} apart from lane ${other.lane}`)
      if (lanes[one.lane].rows === 1) continue
      const same =
        placed[one.id].byteOffset === placed[other.id].byteOffset && sizeIn(values, one) === sizeIn(values, other)
      if (!one.along || !other.along || !same) {
        fail(`lane ${one.lane}: expected %${one.id} and %${other.id} to be used row by row`)
      }
    }
  })
}

/** What a piece of work reads and writes of memory. */
export function usesOfWork(values: readonly Value[], work: Work): { id: number; written: boolean }[] {
  if (!isGroup(work)) return accessesOf(values, work).map(access => ({ id: access.value, written: writes(access) }))
  return work.members.flatMap(({ operands, out }) => [
    ...operands.flatMap(operand => ('value' in operand ? [{ id: operand.value, written: false }] : [])),
    ...(out === null ? [] : [{ id: out, written: true }]),
  ])
}

const sizeIn = (values: readonly Value[], { id }: Touch): number => values[id].length * bytesOf(values[id].dtype)

function overlap(placed: readonly NumberArray[], values: readonly Value[], a: number, b: number): boolean {
  if (a === b) return true
  if (placed[a].buffer !== placed[b].buffer) return false
  const [from, to] = [placed[a].byteOffset, placed[b].byteOffset]
  const [bytesA, bytesB] = [a, b].map(id => values[id].length * bytesOf(values[id].dtype))
  return from < to + bytesB && to < from + bytesA
}
