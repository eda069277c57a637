// The memory effects of a call, read from its kernel's row: which values it reads and writes, and how many elements. The rules
// of lib/backend/lengths are asked on stand-ins, since a program's values have no memory yet.

import { isArray } from '../../backend/lengths/product.js'
import { lengthsOf } from '../../backend/lengths.js'
import type { Argument as Parameter } from '../../backend/signature.js'
import { kernelRow } from '../../backend/table.js'
import { arrayOf, bytesOf, type NumberArray } from '../../base/dtype.js'
import { type Call, type ElementType, isReference, signatureOf, type Use, type Value } from '../program.js'

/** A class of objects with an array's kind, length and place, but no elements. */
function standInClass(dtype: ElementType) {
  class StandIn {
    readonly length: number
    readonly buffer: object
    readonly byteOffset: number

    constructor(length: number, buffer: object, byteOffset: number) {
      this.length = length
      this.buffer = buffer
      this.byteOffset = byteOffset
    }
  }
  Object.setPrototypeOf(StandIn.prototype, arrayOf(dtype).prototype)
  Reflect.deleteProperty(StandIn.prototype, 'constructor')
  return StandIn
}

const classes = {
  float32: standInClass('float32'),
  float64: standInClass('float64'),
  int32: standInClass('int32'),
  uint8: standInClass('uint8'),
}

/** What stands in for an array: two overlap only where `buffer` is the same. */
export const standIn = (dtype: ElementType, length: number, buffer: object = {}, byteOffset = 0): NumberArray =>
  new classes[dtype](length, buffer, byteOffset) as unknown as NumberArray

const standIns = new WeakMap<Value, NumberArray>()

/** A stand-in in memory of its own; the array itself where there is one. */
function apart(value: Value): NumberArray {
  if ('array' in value.origin) return value.origin.array
  const made = standIns.get(value) ?? standIn(value.dtype, value.length)
  standIns.set(value, made)
  return made
}

/** The element type that a call's kernel works in: that of its first array argument of type T. */
export function elementTypeOf(values: readonly Value[], call: Call): ElementType {
  const { args } = signatureOf(call.kernel)
  const at = args.findIndex(({ role, element }, i) => isArray(role) && element === 'T' && isReference(call.args[i]))
  const argument = call.args[at]
  return isReference(argument) ? values[argument.value].dtype : 'float32'
}

/** A call's arguments as the length rules take them: stand-ins for arrays, an empty one for what is left out. */
export function standInArguments(
  values: readonly Value[],
  call: Call,
  standInOf: (value: Value) => NumberArray = apart,
): unknown[] {
  const { args } = signatureOf(call.kernel)
  return args.map(({ role, element }, at) => {
    const argument = call.args[at]
    if (!isArray(role)) return argument
    if (isReference(argument)) return standInOf(values[argument.value])
    const dtype = element === 'bool' ? 'uint8' : element === 'T' || element === 'any' ? undefined : element
    return new (arrayOf(dtype ?? elementTypeOf(values, call)))(new ArrayBuffer(0))
  })
}

/** One use of a value by a call. */
export interface Effect extends Use {
  readonly parameter: Parameter
  /** How many elements from the value's first on the call needs. */
  readonly needed: number
}

const known = new WeakMap<Call, readonly Effect[]>()

/** The uses of values by a call, in the order of its arguments. Kept by call: no pass changes a value's length. */
export function effectsOf(values: readonly Value[], call: Call): readonly Effect[] {
  let effects = known.get(call)
  if (effects === undefined) {
    effects = readAccesses(values, call)
    known.set(call, effects)
  }
  return effects
}

const leftOut = { length: 0 }

/** A call's arguments for the rules of lengths and operations, which of an array look at its length alone. */
export function sizesOf(values: readonly Value[], call: Call): unknown[] {
  return signatureOf(call.kernel).args.map(({ role }, at) => {
    const argument = call.args[at]
    if (!isArray(role)) return argument
    return isReference(argument) ? values[argument.value] : leftOut
  })
}

function readAccesses(values: readonly Value[], call: Call): Effect[] {
  const { args } = signatureOf(call.kernel)
  const lengths = lengthsOf(call.kernel, sizesOf(values, call))
  const effects: Effect[] = []
  let array = 0
  for (const [at, parameter] of args.entries()) {
    if (!isArray(parameter.role)) continue
    const needed = lengths[array++]
    const argument = call.args[at]
    if (!isReference(argument)) continue
    effects.push({ value: argument.value, at, role: parameter.role as Use['role'], parameter, needed })
  }
  return effects
}

/** The call with other values in the place of its own, one for each of its effects, of the same types and lengths. */
export function withValues(values: readonly Value[], call: Call, others: readonly number[]): Call {
  const before = effectsOf(values, call)
  if (before.every(({ value }, i) => value === others[i])) return call
  const after = before.map((effect, i): Effect => ({ ...effect, value: others[i] }))
  const args = [...call.args]
  for (const { at, value } of after) args[at] = { value }
  const renamed = { ...call, args }
  known.set(renamed, after)
  return renamed
}

export const writes = ({ role }: Effect): boolean => role !== 'in'

/** Whether nothing of what the value held before is left. */
export const overwrites = (values: readonly Value[], { role, value, needed }: Effect): boolean =>
  role === 'out' && needed === values[value].length

/** Whether the call writes only the elements that strides reach, and leaves the others (see `reach` in signature.ts). */
export const writesPart = ({ role, parameter }: Effect): boolean =>
  role === 'inout' && parameter.length.startsWith('reach(')

/** The memory that a value fills, in bytes. */
export const sizeOf = (value: Value): number => value.length * bytesOf(value.dtype)

export const reportsIndex = (call: Call): boolean => signatureOf(call.kernel).reportsIndex

/** Whether an output of the call may be its argument `name`, both of one length and contiguous. */
export const allowsInPlace = (call: Call, name: string): boolean =>
  kernelRow(call.kernel).inPlace.includes(name) &&
  signatureOf(call.kernel).args.every(({ role }, at) => role !== 'outer' || isEmpty(call.args[at] as Outer))

type Outer = Int32Array | undefined
const isEmpty = (outer: Outer): boolean => outer === undefined || outer.length === 0
