// Builds the calls on which kernels are timed, from their signatures. A kernel without a call is an error, so that a new
// one is not forgotten.

import { type KernelName, kernels } from 'blasgrad/backend'
import { type Argument, lengthsOf, parseSignature } from './library.js'
import { type Shape, shapesFor, shrink } from './shapes.js'
import { inputValue, scalars } from './values.js'

export interface Call {
  readonly name: string
  readonly args: readonly unknown[]
}

const arrays = {
  T: Float32Array,
  any: Uint8Array,
  bool: Uint8Array,
  int32: Int32Array,
  float64: Float64Array,
} as const

const isArray = ({ role }: Argument): boolean => role === 'in' || role === 'out' || role === 'inout'

/** Random values drawn; longer arrays repeat them. */
const distinct = 65536

function makeArray(kernel: KernelName, argument: Argument, length: number, parameters: Record<string, unknown>) {
  const array = new arrays[argument.element](length)
  if (argument.role === 'out') return array
  const value = inputValue(kernel, argument, parameters)
  // Positions must be distinct, so they are not repeated.
  const drawn = argument.element === 'int32' ? length : Math.min(length, distinct)
  for (let i = 0; i < drawn; i++) array[i] = value(i)
  for (let filled = drawn; 0 < filled && filled < length; filled *= 2) array.copyWithin(filled, 0, filled)
  return array
}

/** The value of an argument that is no array; `undefined` for outer axes. */
function parameterOf(kernel: KernelName, { name, role }: Argument, shape: Shape, scalar: number): unknown {
  const given = shape.parameters[name]
  if (given !== undefined || role === 'outer') return given
  if (role === 'flag') return false
  if (role === 'layout') return 0
  const values = role === 'scalar' ? scalars[name] : undefined
  if (values !== undefined) return values[scalar % values.length]
  throw new Error(`${kernel}: no value for ${name}: add it to bench/support/shapes.ts or values.ts`)
}

function makeCall(kernel: KernelName, args: readonly Argument[], shape: Shape, scalar: number, absent: boolean): Call {
  const call = args.map(argument => (isArray(argument) ? undefined : parameterOf(kernel, argument, shape, scalar)))
  const parameters = Object.fromEntries(args.map(({ name }, i) => [name, call[i]]))
  const left = (argument: Argument): boolean => argument.optional && absent
  for (const [i, argument] of args.entries()) if (isArray(argument)) call[i] = { length: left(argument) ? 0 : 1 }
  const lengths = lengthsOf(kernel, call)
  for (const [i, argument] of args.filter(isArray).entries()) {
    call[args.indexOf(argument)] = makeArray(kernel, argument, lengths[i], parameters)
  }
  const optional = args.filter(left).map(({ name }) => name)
  const several = args.filter(({ name, role }) => role === 'scalar' && scalars[name]?.length > 1)
  const notes = [
    ...several.map(({ name }) => `${name} ${parameters[name]}`),
    ...(optional.length > 0 ? [`no ${optional.join(', ')}`] : []),
  ]
  return { name: [shape.name, ...notes].join(', '), args: call }
}

/** A kernel's call on a shape, with the first value of each scalar. */
export const callOn = (kernel: KernelName, shape: Shape): Call =>
  makeCall(kernel, parseSignature(kernels[kernel].signature).args, shape, 0, false)

/** The shapes on which a kernel is timed. */
export const shapesOf = (kernel: KernelName): readonly Shape[] =>
  shapesFor(parseSignature(kernels[kernel].signature).args)

/**
 * Generates a kernel's calls: each shape with each value of its scalars, and the first shape also without the optional
 * arrays. @throws Error if there are none.
 */
export function* callsOf(kernel: KernelName, small: boolean): Generator<Call> {
  const { args } = parseSignature(kernels[kernel].signature)
  const shapes = shapesFor(args)
  if (shapes.length === 0) throw new Error(`${kernel}: no shapes for its sizes: add them to bench/support/shapes.ts`)
  const variants = Math.max(
    1,
    ...args.filter(({ role }) => role === 'scalar').map(({ name }) => scalars[name]?.length ?? 1),
  )
  for (const [i, named] of shapes.entries()) {
    const shape = small ? shrink(named) : named
    for (let scalar = 0; scalar < variants; scalar++) yield makeCall(kernel, args, shape, scalar, false)
    if (i === 0 && args.some(({ optional }) => optional)) yield makeCall(kernel, args, shape, 0, true)
  }
}
