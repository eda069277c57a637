// Verifies a recorded program: everything that later passes and executors rely on. Nothing is changed here.

import { isArray } from '../../backend/lengths/product.js'
import { checkerOf } from '../../backend/lengths.js'
import { kernelNames } from '../../backend/table.js'
import { dtypeOfArray } from '../../base/dtype.js'
import { ArgumentError, showValue } from '../../base/errors.js'
import { effectsOf, standInArguments, writes, writesPart } from '../analysis/effects.js'
import { finish, type Parts } from '../parts.js'
import { type Call, isReference, type Program, signatureOf, type Value } from '../program.js'
import { Coverage } from './coverage.js'

const known = new Set<string>(kernelNames)

/** @throws ArgumentError that names the value or the call and says what is wrong with it. */
export const verifyProgram = (program: Program): void => finish(verifyProgramInParts(program))

/** The same, in parts. */
export function* verifyProgramInParts(program: Program): Parts<void> {
  program.values.forEach(checkValue)
  checkSlots(program.values)
  checkMemory(program.values)
  const coverage = new Coverage(program.values)
  for (const [at, call] of program.calls.entries()) {
    if (at % 32 === 31) yield
    const fail = (message: string): never => {
      throw new ArgumentError(`program: call ${at}: ${message}`)
    }
    checkArguments(program.values, call, fail)
    checkOrder(program.values, call, coverage, fail)
  }
  program.results.forEach((id, i) => {
    if (!isId(program.values, id)) throw new ArgumentError(`program: result ${i}: expected a value, got ${id}`)
    if (!coverage.isFull(id)) throw new ArgumentError(`program: result ${i}: expected %${id} to be written before`)
  })
}

type Fail = (message: string) => never

const isId = (values: readonly Value[], id: number): boolean => Number.isInteger(id) && id >= 0 && id < values.length

function checkValue({ id, dtype, length, origin }: Value, at: number): void {
  const fail = (message: string): never => {
    throw new ArgumentError(`program: value ${at}: ${message}`)
  }
  if (id !== at) fail(`expected its id to be ${at}, got ${id}`)
  if (!Number.isInteger(length) || length < 0) fail(`expected a length, got ${showValue(length)}`)
  if (!('array' in origin)) return
  const held = dtypeOfArray(origin.array)
  if (held !== dtype || origin.array.length !== length) {
    fail(`expected an array of ${length} ${dtype}, got ${showValue(origin.array)}`)
  }
}

function checkSlots(values: readonly Value[]): void {
  const seen = new Set<number>()
  for (const { id, origin } of values) {
    if (origin.kind !== 'argument') continue
    if (!Number.isInteger(origin.slot) || origin.slot < 0 || seen.has(origin.slot)) {
      throw new ArgumentError(`program: value ${id}: expected an argument slot of its own, got ${origin.slot}`)
    }
    seen.add(origin.slot)
  }
}

/** State shares no memory with other state or constants: two values never stand for the same elements. */
function checkMemory(values: readonly Value[]): void {
  const byBuffer = new Map<ArrayBufferLike, { id: number; state: boolean; from: number; to: number }[]>()
  for (const { id, origin } of values) {
    if (!('array' in origin) || origin.array.length === 0) continue
    const { buffer, byteOffset, byteLength } = origin.array
    const ranges = byBuffer.get(buffer) ?? []
    byBuffer.set(buffer, ranges)
    ranges.push({ id, state: origin.kind === 'state', from: byteOffset, to: byteOffset + byteLength })
  }
  for (const ranges of byBuffer.values()) {
    for (const [i, range] of ranges.entries()) {
      const clash = ranges.find(
        (other, j) => j < i && (range.state || other.state) && other.from < range.to && range.from < other.to,
      )
      if (clash === undefined) continue
      throw new ArgumentError(`program: value ${range.id}: expected memory of its own, got memory of %${clash.id}`)
    }
  }
}

/** Roles, kinds, lengths and overlaps, by the kernel's row. */
function checkArguments(values: readonly Value[], call: Call, fail: Fail): void {
  if (!known.has(call.kernel)) fail(`expected a kernel, got ${showValue(call.kernel)}`)
  const { args } = signatureOf(call.kernel)
  if (call.args.length > args.length) fail(`${call.kernel}: expected ${args.length} arguments, got ${call.args.length}`)
  args.forEach(({ name, role, optional }, at) => {
    const argument = call.args[at]
    if (!isArray(role)) return
    if (argument === null && optional) return
    if (!isReference(argument)) fail(`${call.kernel}: expected ${name} to be a value, got ${showValue(argument)}`)
    else if (!isId(values, argument.value)) {
      fail(`${call.kernel}: expected ${name} to be a value, got %${argument.value}`)
    }
  })
  try {
    checkerOf(call.kernel)(standInArguments(values, call))
  } catch (error) {
    fail((error as Error).message)
  }
}

/** Only what may be written is; what is made here is whole before it is read. */
function checkOrder(values: readonly Value[], call: Call, coverage: Coverage, fail: Fail): void {
  const effects = effectsOf(values, call)
  for (const effect of effects) {
    const { value, role, parameter, needed } = effect
    const { kind } = values[value].origin
    if (writes(effect) && (kind === 'argument' || kind === 'constant')) {
      fail(`${call.kernel}: expected ${parameter.name} to be made here or state, got ${kind} %${value}`)
    }
    if (role !== 'out' && needed > 0 && !writesPart(effect) && !coverage.isFull(value)) {
      fail(`${call.kernel}: expected ${parameter.name}, %${value}, to be written before it is read`)
    }
  }
  for (const effect of effects) if (writes(effect)) coverage.write(call, effect)
}
