// Verifies a plan before it runs: buffers are in the arena, each step is a call that its kernel allows there, groups can run
// tile by tile, and what a step reads is still what was written. It trusts no pass.

import { checkerOf } from '../../backend/lengths.js'
import { bytesOf, type NumberArray } from '../../base/dtype.js'
import { ArgumentError } from '../../base/errors.js'
import { Layout } from '../../base/layout.js'
import { effectsOf, sizeOf, standIn, standInArguments, writes, writesPart } from '../analysis/effects.js'
import { argumentsOf, resultTypeOf } from '../analysis/member-call.js'
import { BlockOwners } from '../memory/aliasing.js'
import { alignment } from '../memory/assignment.js'
import { type Group, isGroup, isRegion, type Plan, workOf } from '../plan.js'
import type { Call, Value } from '../program.js'
import { verifyRegion } from './region.js'

type Fail = (message: string) => never

/** @throws ArgumentError that names the step. */
export function verifyPlan({ program: { values, results }, steps, offsets, arenaBytes }: Plan): void {
  checkOffsets(values, offsets, arenaBytes)
  const arena = {}
  const placed = values.map(({ dtype, length, origin }, id) =>
    'array' in origin ? origin.array : standIn(dtype, length, arena, offsets[id]),
  )
  const owners = new BlockOwners(values, offsets, arenaBytes)
  const given = values.filter(({ origin }) => origin.kind === 'argument')
  for (const { id } of given) owners.claim(id)
  for (const { id } of given) if (!owners.isThere(id)) throw new ArgumentError(`plan: expected a place for %${id}`)
  steps.forEach((step, at) => {
    const fail = (message: string): never => {
      throw new ArgumentError(`plan: step ${at}: ${message}`)
    }
    const hasPlace = (id: number): void => {
      if (values[id] === undefined) fail(`expected a value, got %${id}`)
      if (owners.isInArena(id) && offsets[id] === -1) fail(`expected a place for %${id}, got none`)
    }
    for (const work of workOf(step)) {
      if (isGroup(work)) checkGroup(values, placed, work, owners, hasPlace, fail)
      else checkCall(values, placed, work, owners, hasPlace, fail)
    }
    if (!isRegion(step)) return
    verifyRegion(values, placed, step, fail)
    for (const { local } of step.chains) for (const id of local) owners.leave(id)
  })
  for (const id of results) {
    if (!owners.isThere(id)) throw new ArgumentError(`plan: expected result %${id} to be there at the end`)
  }
}

function checkOffsets(values: readonly Value[], offsets: readonly number[], arenaBytes: number): void {
  for (const value of values) {
    const offset = offsets[value.id]
    if (offset === -1) continue
    const fits = Number.isInteger(offset) && offset >= 0 && offset + sizeOf(value) <= arenaBytes
    if (fits && offset % alignment === 0) continue
    throw new ArgumentError(`plan: expected %${value.id} in ${arenaBytes} bytes, aligned, got it at ${offset}`)
  }
}

function checkKernel(kernel: Call['kernel'], args: readonly unknown[], fail: Fail): void {
  try {
    checkerOf(kernel)(args)
  } catch (error) {
    fail((error as Error).message)
  }
}

function checkCall(
  values: readonly Value[],
  placed: readonly NumberArray[],
  call: Call,
  owners: BlockOwners,
  hasPlace: (id: number) => void,
  fail: Fail,
): void {
  const effects = effectsOf(values, call)
  for (const { value } of effects) hasPlace(value)
  checkKernel(
    call.kernel,
    standInArguments(values, call, ({ id }) => placed[id]),
    fail,
  )
  for (const effect of effects) {
    const isRead = effect.role !== 'out' && !writesPart(effect) && effect.needed > 0
    if (isRead && !owners.isThere(effect.value)) fail(`expected %${effect.value} to be there still`)
  }
  for (const effect of effects) if (writes(effect)) owners.claim(effect.value)
}

function checkGroup(
  values: readonly Value[],
  placed: readonly NumberArray[],
  group: Group,
  owners: BlockOwners,
  hasPlace: (id: number) => void,
  fail: Fail,
): void {
  const points = group.rows * group.cols
  const results: NumberArray[] = []
  const read: { id: number; layout: Layout }[] = []
  const written: number[] = []
  group.members.forEach((member, at) => {
    const { kernel, dtype, operands, out } = member
    const operandArrays = operands.map(operand => {
      if ('member' in operand) return results[operand.member] ?? fail(`member ${at} reads member ${operand.member}`)
      const { value: id, layout } = operand
      hasPlace(id)
      if (!owners.isThere(id) || written.includes(id)) fail(`member ${at}: expected %${id} to be there still`)
      read.push({ id, layout })
      return placed[id]
    })
    const type = resultTypeOf(member)
    if (out !== null) hasPlace(out)
    const result = out === null ? standIn(type, points) : placed[out]
    results.push(result)
    const args = argumentsOf(group, member, [...operandArrays, result])
    checkKernel(kernel, args, fail)
    if (out === null) return
    if (values[out].dtype !== type) fail(`member ${at}: expected ${dtype} to make ${type}, got ${values[out].dtype}`)
    owners.claim(out)
    written.push(out)
  })
  for (const out of written) {
    if (!owners.isThere(out)) fail(`expected %${out} to be there after the group`)
    for (const { id, layout } of read) {
      if (id !== out && !owners.overlap(id, out)) continue
      const isSame = placed[id].byteOffset === placed[out].byteOffset
      const sameSize = bytesOf(values[id].dtype) === bytesOf(values[out].dtype)
      if (layout !== Layout.full || !isSame || !sameSize) fail(`expected %${out} not to be over %${id}, read elsewhere`)
    }
  }
}
