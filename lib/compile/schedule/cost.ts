// What a step costs, by the one cost model of lib/backend/rules/cost.ts: each array of a call counts once, and in a group
// each operand that it reads and each result that it stores.

import { flopsOf } from '../../backend/lengths.js'
import { microsOfBytes, microsOfCall } from '../../backend/rules/cost.js'
import { bytesOf } from '../../base/dtype.js'
import { Layout } from '../../base/layout.js'
import { rolesOf } from '../analysis/arguments.js'
import { effectsOf, sizesOf } from '../analysis/effects.js'
import { type Group, isGroup, type Work } from '../plan.js'
import type { Call, Value } from '../program.js'

/** Microseconds on one thread. */
export const microsOf = (values: readonly Value[], work: Work): number =>
  isGroup(work)
    ? microsOfBytes(bytesOfGroup(values, work))
    : microsOfCall(work.kernel, flopsOf(work.kernel, sizesOf(values, work)), bytesOfCall(values, work))

function bytesOfCall(values: readonly Value[], call: Call): number {
  const { lookup } = rolesOf(call)
  const bytesAt = new Map(
    effectsOf(values, call).map(({ at, value, needed }) => [at, needed * elementBytes(values, value)]),
  )
  const total = [...bytesAt.values()].reduce((sum, bytes) => sum + bytes, 0)
  if (lookup === undefined) return total
  const unread = (bytesAt.get(lookup.table) ?? 0) - (bytesAt.get(lookup.rows) ?? 0)
  return total - Math.max(0, unread)
}

function bytesOfGroup(values: readonly Value[], { rows, cols, members }: Group): number {
  const lengths: Readonly<Record<Layout, number>> = {
    [Layout.full]: rows * cols,
    [Layout.scalar]: 1,
    [Layout.row]: cols,
    [Layout.column]: rows,
  }
  const operands = new Map<string, number>()
  let stored = 0
  for (const { operands: read, out } of members) {
    for (const operand of read) {
      if (!('value' in operand)) continue
      const { value, layout } = operand
      operands.set(`${value} ${layout}`, lengths[layout] * elementBytes(values, value))
    }
    if (out !== null) stored += rows * cols * elementBytes(values, out)
  }
  return [...operands.values()].reduce((sum, bytes) => sum + bytes, stored)
}

const elementBytes = (values: readonly Value[], id: number): number => bytesOf(values[id].dtype)
