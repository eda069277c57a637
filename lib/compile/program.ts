// What a recorded step is: values, and kernel calls over them in order. Everything here is read from the kernel table;
// no kernel is named. Passes turn one program into another, an executor runs it.

import { rulesOf } from '../backend/rules/rules.js'
import type { Signature } from '../backend/signature.js'
import type { KernelName } from '../backend/table.js'
import type { NumberArray } from '../base/dtype.js'

/** The kind of a value's typed array; a bool is uint8. */
export type ElementType = 'float32' | 'float64' | 'int32' | 'uint8'

/** Where a value's elements are. */
export type Origin =
  /** Made by a call of the program, gone when the run is over. */
  | { readonly kind: 'made' }
  /** Given at each run, copied in; no call writes it. */
  | { readonly kind: 'argument'; readonly slot: number }
  /** In memory that outlives a run, read and perhaps written. */
  | { readonly kind: 'state'; readonly array: NumberArray }
  /** Known when the step was recorded; no call writes it. */
  | { readonly kind: 'constant'; readonly array: NumberArray }

/** One array of a program. */
export interface Value {
  /** Its position in the program's list. */
  readonly id: number
  readonly dtype: ElementType
  readonly length: number
  readonly origin: Origin
}

/** An array argument of a call; `null`: an empty array for one that may be left out. */
export interface Reference {
  readonly value: number
}

/** What a call passes: sizes and scalars, flags, strides, arrays, or nothing for `outer`. */
export type Argument = number | boolean | Int32Array | Reference | null | undefined

export interface Call {
  readonly kernel: KernelName
  readonly args: readonly Argument[]
  /** Which recorded call it comes from; passes keep it, so that an error can say which op it was. */
  readonly source?: number
}

export interface Program {
  readonly values: readonly Value[]
  readonly calls: readonly Call[]
  /** The values that a run gives back. */
  readonly results: readonly number[]
}

export const isReference = (argument: Argument): argument is Reference =>
  typeof argument === 'object' && argument !== null && 'value' in argument

/** The parsed signature of a call's kernel. */
export const signatureOf = (kernel: KernelName): Signature => rulesOf(kernel).signature

/** How a call uses one value. */
export interface Use {
  readonly value: number
  /** The argument's position. */
  readonly at: number
  readonly role: 'in' | 'out' | 'inout'
}

/** The values that a call reads and writes, in the order of its arguments. */
export function usesOf(call: Call): Use[] {
  return signatureOf(call.kernel).args.flatMap(({ role }, at) => {
    const argument = call.args[at]
    return isReference(argument) ? [{ value: argument.value, at, role: role as Use['role'] }] : []
  })
}
