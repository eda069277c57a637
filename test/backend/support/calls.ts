// Calls of a kernel, made from its row: arguments of every kind it takes, in arrays longer than needed and not aligned,
// outputs filled with a pattern. A kernel whose arguments cannot be made here is an error.

import { lengthsOf } from '../../../lib/backend/lengths.js'
import { type Argument, type NumberArray, parseSignature } from '../../../lib/backend/signature.js'
import { type KernelName, kernelRow } from '../../../lib/backend/table.js'
import { domains, type Setting } from './domains.js'
import { type Parameters, parametersOf } from './parameters.js'
import { randomFrom } from './random.js'

export const arrayKinds = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint8: Uint8Array,
} as const
export type Kind = keyof typeof arrayKinds
export const allKinds = Object.keys(arrayKinds) as Kind[]

export interface Call {
  /** What a failing test prints. */
  readonly label: string
  readonly args: readonly unknown[]
  /** What is not an array, by name. */
  readonly parameters: Parameters
  /** The array arguments, with the length that the kernel needs of each. */
  readonly arrays: readonly { readonly argument: Argument; readonly index: number; readonly needed: number }[]
}

export const kindsFor = (name: KernelName): Kind[] =>
  kernelRow(name).dtypes === 'floats' ? ['float32', 'float64'] : allKinds
const guard = 5

/** An array that starts one element into its buffer, so that it is not aligned, filled with a pattern. */
export function patterned(kind: Kind, length: number): NumberArray {
  const ArrayKind = arrayKinds[kind]
  const array = new ArrayKind(new ArrayBuffer((length + 1) * ArrayKind.BYTES_PER_ELEMENT), ArrayKind.BYTES_PER_ELEMENT)
  return array.fill(kind === 'float32' || kind === 'float64' ? Number.NaN : 0x5a)
}

const kindOf = (argument: Argument, own: Kind, any: Kind): Kind =>
  argument.element === 'T'
    ? own
    : argument.element === 'bool'
      ? 'uint8'
      : argument.element === 'any'
        ? any
        : argument.element

/** Values that any kernel must take; then those that only a kernel without intermediate results surely does. */
const usualSpecials = [Number.NaN, Infinity, -Infinity, 0, -0, 1, -1, 0.5, 9, -9, 30]
const allSpecials = [...usualSpecials, 1e-310, -1e-40, 2e-38, 3e38, -1e300, 88, -104, 710, -745]
const specialIntegers = [0, 1, -1, 2147483647, -2147483648, 255, 65536, 46341]

/** An element of an argument that may be anything: small numbers with ties and zeros among them. */
function anything(kind: Kind, random: () => number): number {
  if (kind === 'uint8') return Math.floor(random() * 256)
  if (kind === 'int32') return Math.floor(random() * 41) - 20
  return random() < 0.3 ? Math.floor(random() * 9 - 4) / 2 : 4 * random() - 2
}

const oneOf = <V>(values: readonly V[], random: () => number): V => values[Math.floor(random() * values.length)]

/** NaN, infinities and the like: everywhere where elements are independent of one another, else here and there. */
function specialElement(name: KernelName, kind: Kind, random: () => number): number {
  const row = kernelRow(name)
  const independent = row.class === 'elementwise' || row.class === 'movement'
  if (!independent && random() < 0.95) return anything(kind, random)
  if (kind === 'int32' || kind === 'uint8') return oneOf(specialIntegers, random)
  if (!independent) return oneOf(usualSpecials.slice(0, 3), random)
  return oneOf(row.exact || row.signature.split(':in').length === 2 ? allSpecials : usualSpecials, random)
}

function fillInput(
  array: NumberArray,
  argument: Argument,
  setting: Setting,
  name: KernelName,
  withSpecial: boolean,
): void {
  const { random } = setting
  const made = domains[name]?.values?.[argument.name]
  const kind = allKinds.find(each => array instanceof arrayKinds[each]) as Kind
  if (made === undefined && (argument.element === 'int32' || argument.element === 'float64')) {
    throw new Error(`${name}: no values for ${argument.name}: add them to domains.ts`)
  }
  for (let i = 0; i < array.length; i++) {
    if (made !== undefined) array[i] = made(setting, i)
    else if (argument.element === 'bool') array[i] = [0, 0, 1, 1, 255][Math.floor(random() * 5)]
    else array[i] = withSpecial ? specialElement(name, kind, random) : anything(kind, random)
  }
}

/**
 * Which inputs get special values in which runs: none, all (`*`), or one at a time where several that meet in a rounded
 * intermediate result may rightly overflow in one backend and not in the other.
 */
function specialsOf(name: KernelName, args: readonly Argument[]): readonly string[] {
  const row = kernelRow(name)
  const inputs = args.filter(({ role }) => role === 'in').map(argument => argument.name)
  if (row.class === 'elementwise' && !row.exact) return ['', ...inputs]
  return row.class === 'elementwise' || row.class === 'movement' || domains[name]?.special ? ['', '*'] : ['']
}

/** What goes into an input array that may be anything. */
export type Fill = (array: NumberArray, argument: Argument, setting: Setting) => void

interface CallOptions {
  /** The type of arguments of any type. */
  readonly any: Kind
  /** Whether optional arguments are there. */
  readonly withOptional: boolean
  readonly fill: Fill
  readonly random: () => number
}

/** A call of `name` with these parameters. */
export function callOf(
  name: KernelName,
  kind: Kind,
  parameters: Parameters,
  { any, withOptional, fill, random }: CallOptions,
): Omit<Call, 'label'> {
  const { args } = parseSignature(kernelRow(name).signature)
  const call: unknown[] = args.map(({ name }) => parameters[name])
  const arrays = args
    .map((argument, index) => ({ argument, index, kind: kindOf(argument, kind, any) }))
    .filter(({ argument }) => ['in', 'out', 'inout'].includes(argument.role))
  for (const { argument, index } of arrays) call[index] = { length: argument.optional && !withOptional ? 0 : 1 }
  const lengths = lengthsOf(name, call)
  const inputs: Record<string, NumberArray> = {}
  for (const [i, array] of arrays.entries()) {
    const absent = array.argument.optional && !withOptional
    const made = patterned(array.kind, absent ? 0 : lengths[i] + guard)
    if (array.argument.role !== 'out') {
      const filled = made.subarray(0, lengths[i])
      fill(filled, array.argument, { random, parameters, inputs })
      inputs[array.argument.name] = filled
    }
    call[array.index] = made
  }
  return {
    args: call,
    parameters,
    arrays: arrays.map(({ argument, index }, i) => ({ argument, index, needed: lengths[i] })),
  }
}

/** The calls that `name` is tried with for the element type `kind`, or those of them for which `isTried` says so. */
export function* callsOf(name: KernelName, kind: Kind, isTried = (_: Parameters): boolean => true): Generator<Call> {
  const row = kernelRow(name)
  const { args } = parseSignature(row.signature)
  const domain = domains[name] ?? {}
  const elementwise = row.class === 'elementwise'
  const random = randomFrom(`${name} ${kind}`)
  const anyKinds = args.some(({ element }) => element === 'any') ? allKinds : [kind]
  const options = args.some(({ optional }) => optional) ? [true, false] : [true]
  const specials = specialsOf(name, args)
  for (const parameters of parametersOf(args, elementwise, domain, random)) {
    for (const any of anyKinds) {
      for (const withOptional of options) {
        for (const special of specials) {
          if (!isTried(parameters)) continue
          const fill: Fill = (array, argument, setting) =>
            fillInput(array, argument, setting, name, special === '*' || special === argument.name)
          const shown = Object.entries(parameters).map(
            ([key, value]) => `${key}=${value instanceof Int32Array ? `[${value}]` : value}`,
          )
          yield {
            label: `${name} ${kind} ${shown.join(' ')}${any === kind ? '' : ` from ${any}`}${special && ` special ${special}`}`,
            ...callOf(name, kind, parameters, { any, withOptional, fill, random }),
          }
        }
      }
    }
  }
}
