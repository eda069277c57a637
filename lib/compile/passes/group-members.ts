// Turns elementwise calls into the members of a group, or tells why they cannot be one. Within a group, an element may depend
// on elements at the same position only, since other tiles are not computed yet.

import { bytesOf } from '../../base/dtype.js'
import { Layout } from '../../base/layout.js'
import { effectsOf, elementTypeOf } from '../analysis/effects.js'
import { layoutsOf } from '../analysis/grid.js'
import type { Member, Operand } from '../plan.js'
import { type Call, signatureOf, type Value } from '../program.js'

/** The elements of a tile; with the limit below, what a large group keeps between members fits a first-level cache. */
const tileElements = 256
const tileBytes = 12 * 1024
/** A longer group saves no more memory traffic; the passes take time with the square of it. */
export const mostMembers = 64
/** What an executor has room for: members and different operands; bytes with operands spread out over a tile. */
const mostCells = 96
const bufferBytes = 32 * 1024

/** The members, each with the value it fills, or null where tile by tile is not what the calls say in turn. */
export function membersOf(values: readonly Value[], calls: readonly Call[]): Member[] | null {
  return canBeGroup(values, calls) ? toMembers(values, calls) : null
}

/** One elementwise call as fusion sees it. */
interface Parts {
  readonly operands: readonly { readonly value: number; readonly layout: Layout }[]
  readonly out: number
}

const knownParts = new WeakMap<Call, Parts>()

function partsOf(values: readonly Value[], call: Call): Parts {
  let parts = knownParts.get(call)
  if (parts === undefined) {
    const layouts = layoutsOf(call)
    const effects = effectsOf(values, call)
    const operands = effects.filter(({ role }) => role !== 'out').map(({ value }, i) => ({ value, layout: layouts[i] }))
    parts = { operands, out: effects.find(({ role }) => role === 'out')?.value ?? -1 }
    knownParts.set(call, parts)
  }
  return parts
}

/** Whether membersOf is not null. */
export function canBeGroup(values: readonly Value[], calls: readonly Call[]): boolean {
  if (calls.length > mostMembers) return false
  const made = new Map<number, number>()
  /** Values read from memory: whether at full layout only. */
  const readFull = new Map<number, boolean>()
  const last = calls.map((_, i) => i)
  const sources = new Set<number>()
  let spread = 0
  for (let i = 0; i < calls.length; i++) {
    const { operands, out } = partsOf(values, calls[i])
    for (const { value, layout } of operands) {
      const member = made.get(value)
      if (member !== undefined) {
        if (layout !== Layout.full) return false
        last[member] = i
        continue
      }
      readFull.set(value, layout === Layout.full && readFull.get(value) !== false)
      const source = value * layoutCount + layout
      if (sources.has(source)) continue
      sources.add(source)
      if (layout !== Layout.full) spread += tileElements * bytesOf(values[value].dtype)
    }
    if (readFull.get(out) === false) return false
    made.set(out, i)
  }
  if (calls.length + sources.size > mostCells) return false
  const outs = calls.map(call => bytesOf(values[partsOf(values, call).out].dtype))
  return mostAlive(outs, last) <= tileBytes && spread + roomFor(outs, last) <= bufferBytes
}

const layoutCount = Object.keys(Layout).length

/** The most bytes of a tile that members' results hold at once, each from its member to the last that reads it. */
function mostAlive(bytes: readonly number[], last: readonly number[]): number {
  const ending = new Array<number>(bytes.length).fill(0)
  for (let i = 0; i < bytes.length; i++) ending[last[i]] += bytes[i]
  let [alive, most] = [0, 0]
  for (let i = 0; i < bytes.length; i++) {
    alive += bytes[i]
    most = Math.max(most, alive)
    alive -= ending[i]
  }
  return most * tileElements
}

/** The bytes for them where a buffer is used again by results of the same size only. */
function roomFor(bytes: readonly number[], last: readonly number[]): number {
  let room = 0
  for (const size of new Set(bytes))
    room += mostAlive(
      bytes.map(each => (each === size ? each : 0)),
      last,
    )
  return room
}

/** @param calls which can be a group. */
function toMembers(values: readonly Value[], calls: readonly Call[]): Member[] {
  const made = new Map<number, number>()
  return calls.map((call, i): Member => {
    const { operands, out } = partsOf(values, call)
    const members = operands.map((operand): Operand => {
      const member = made.get(operand.value)
      return member === undefined ? operand : { member }
    })
    made.set(out, i)
    const scalars = signatureOf(call.kernel).args.flatMap(({ role }, at) =>
      role === 'scalar' ? [call.args[at] as number] : [],
    )
    return { kernel: call.kernel, dtype: elementTypeOf(values, call), scalars, operands: members, out }
  })
}

/** The members without what only they read: `isRead` says which values others do. */
export function keepInTiles(
  values: readonly Value[],
  members: readonly Member[],
  isRead: (value: number) => boolean,
): Member[] {
  const lastWriter = new Map(members.map(({ out }, i) => [out, i]))
  return members.map((member, i): Member => {
    const { out } = member
    if (out === null) return member
    const isKept = lastWriter.get(out) === i && (values[out].origin.kind !== 'made' || isRead(out))
    return isKept ? member : { ...member, out: null }
  })
}
