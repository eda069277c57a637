// Elementwise calls turned into the members of a group, or the reason why they cannot be one: within a group, an element
// may depend on elements at the same place only, since the next tile's are not there yet.

import { Layout } from '../../backend/signature.js'
import { bytesOf } from '../../dtype.js'
import type { Member, Operand } from '../plan.js'
import { type Call, signatureOf, type Value } from '../program.js'
import { accessesOf, elementTypeOf } from './accesses.js'
import { layoutsOf } from './grid.js'

/** The elements of a tile; with the limit below, what a large group keeps between members fits a first-level cache. */
const tileElements = 256
const tileBytes = 12 * 1024
/** A longer group saves no more memory traffic; the passes take time with the square of it. */
const mostMembers = 64

/** The members, each with the value it fills, or null where tile by tile is not what the calls say in turn. */
export function membersOf(values: readonly Value[], calls: readonly Call[]): Member[] | null {
  if (calls.length > mostMembers) return null
  const made = new Map<number, number>()
  /** Values read from memory: whether at full layout only. */
  const readFull = new Map<number, boolean>()
  const members: Member[] = []
  for (const call of calls) {
    const accesses = accessesOf(values, call)
    const layouts = layoutsOf(call)
    const operands: Operand[] = []
    let out = -1
    for (const { role, value } of accesses) {
      if (role === 'out') {
        out = value
        continue
      }
      const layout = layouts[operands.length]
      const member = made.get(value)
      if (member === undefined) {
        operands.push({ value, layout })
        readFull.set(value, layout === Layout.full && readFull.get(value) !== false)
      } else if (layout === Layout.full) operands.push({ member })
      else return null
    }
    if (readFull.get(out) === false) return null
    made.set(out, members.length)
    const scalars = signatureOf(call.kernel).args.flatMap(({ role }, at) =>
      role === 'scalar' ? [call.args[at] as number] : [],
    )
    members.push({ kernel: call.kernel, dtype: elementTypeOf(values, call), scalars, operands, out })
  }
  return bytesAlive(values, members) <= tileBytes ? members : null
}

/** The most bytes of a tile that members' results hold at once, each from its member to the last that reads it. */
function bytesAlive(values: readonly Value[], members: readonly Member[]): number {
  const last = members.map((_, i) => i)
  members.forEach(({ operands }, i) => {
    for (const operand of operands) if ('member' in operand) last[operand.member] = i
  })
  let most = 0
  members.forEach((_, i) => {
    let bytes = 0
    for (let j = 0; j <= i; j++) {
      const { out } = members[j]
      if (last[j] >= i && out !== null) bytes += tileElements * bytesOf(values[out].dtype)
    }
    most = Math.max(most, bytes)
  })
  return most
}

/** The members without what only they read: `isRead` says which values others do. */
export function keepInTiles(
  values: readonly Value[],
  members: readonly Member[],
  isRead: (value: number) => boolean,
): Member[] {
  return members.map((member, i): Member => {
    const { out } = member
    if (out === null) return member
    const writtenAgain = members.some((other, j) => j > i && other.out === out)
    const isKept = !writtenAgain && (values[out].origin.kind !== 'made' || isRead(out))
    return isKept ? member : { ...member, out: null }
  })
}
