// Verifies a parallel region: chains are independent, and within a chain a range of rows needs the same rows only of what
// the chain itself makes.

import type { NumberArray } from '../../base/dtype.js'
import { effectsOf, reportsIndex, sizeOf, writes } from '../analysis/effects.js'
import { isGroup, type Region, type Work } from '../plan.js'
import type { Value } from '../program.js'
import { rowsOf } from '../schedule/rows.js'

/** A memory effect of a piece of work: it uses the bytes `from` … `to` of a buffer. */
interface MemoryEffect {
  readonly number: number
  readonly chain: number
  readonly id: number
  readonly written: boolean
  readonly along: boolean
  readonly from: number
  readonly to: number
}

/** @param placed an array for each value, where it lies. */
export function verifyRegion(
  values: readonly Value[],
  placed: readonly NumberArray[],
  { chains }: Region,
  fail: (message: string) => never,
): void {
  if (chains.length === 0 || chains.some(({ steps }) => steps.length === 0)) fail('expected chains with steps')
  const effects = new Map<ArrayBufferLike, MemoryEffect[]>()
  let number = 0
  for (const [chain, { rows, steps }] of chains.entries()) {
    for (const work of steps) {
      if (!isGroup(work) && reportsIndex(work)) fail('expected no step in a chain that reports an index')
      const own = rows === 1 ? null : rowsOf(values, work)
      if (rows !== 1 && (own === null || !(rows > 0) || own.count % rows !== 0)) {
        fail(`chain ${chain}: expected steps of ${rows} rows, got ${own === null ? 'none' : own.count}`)
      }
      for (const { id, written } of usesOfWork(values, work)) {
        const { buffer, byteOffset: from } = placed[id]
        const along = own?.along.has(id) ?? false
        const inBuffer = effects.get(buffer) ?? []
        inBuffer.push({ number: number++, chain, id, written, along, from, to: from + sizeOf(values[id]) })
        effects.set(buffer, inBuffer)
      }
    }
  }
  for (const [chain, { rows, local }] of chains.entries()) {
    for (const id of local) {
      if (values[id] === undefined) fail(`chain ${chain}: expected a value to pass, got %${id}`)
      const { buffer, byteOffset: from } = placed[id]
      const to = from + sizeOf(values[id])
      const own = (effects.get(buffer) ?? []).filter(
        effect => effect.id === id || (effect.from < to && from < effect.to),
      )
      const isPassing = rows > 1 && own[0]?.written && own.every(effect => effect.id === id && effect.along)
      if (!isPassing || values[id].origin.kind !== 'made') fail(`chain ${chain}: expected %${id} to pass row by row`)
    }
  }
  for (const inBuffer of effects.values()) {
    for (const [other, one] of clashesOf(inBuffer)) {
      if (one.chain !== other.chain) fail(`chain ${one.chain}: expected %${one.id} apart from chain ${other.chain}`)
      if (chains[one.chain].rows === 1) continue
      const isSame = one.from === other.from && one.to === other.to
      if (!one.along || !other.along || !isSame) {
        fail(`chain ${one.chain}: expected %${one.id} and %${other.id} to be used row by row`)
      }
    }
  }
}

/** The pairs that share bytes of which one is written, the earlier first. */
function* clashesOf(effects: readonly MemoryEffect[]): Generator<[MemoryEffect, MemoryEffect]> {
  if (!effects.some(({ written }) => written)) return
  const sorted = effects.toSorted((a, b) => a.from - b.from)
  for (const [i, one] of sorted.entries()) {
    for (let j = i + 1; j < sorted.length && sorted[j].from < one.to; j++) {
      const other = sorted[j]
      if (one.written || other.written) yield one.number < other.number ? [one, other] : [other, one]
    }
  }
}

/** The values that a piece of work reads and writes in memory. */
export function usesOfWork(values: readonly Value[], work: Work): { id: number; written: boolean }[] {
  if (!isGroup(work)) return effectsOf(values, work).map(effect => ({ id: effect.value, written: writes(effect) }))
  return work.members.flatMap(({ operands, out }) => [
    ...operands.flatMap(operand => ('value' in operand ? [{ id: operand.value, written: false }] : [])),
    ...(out === null ? [] : [{ id: out, written: true }]),
  ])
}
