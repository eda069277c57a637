// The grammar of a kernel's signature: one line of text, the same in the table here and in native/kernels/, that
// gives each argument's role, element type and length. Types, length checks and messages are derived from it.
//
//   name:role          size | flag | layout | scalar | sizes | outer | in | out | inout
//   in<bool>           an element type other than the kernel's own T: bool (Uint8Array) | int32 | float64 | any
//   a:in[m*k]          length: a product of numbers, sizes, and
//     grid             rows * cols * (every count of `outer`)
//     grid(aLayout)    how many elements an operand of that layout has over the grid rows * cols
//     grid(aLayout,0)  the same, with the strides of operand 0 in `outer`
//     count(dims)      the product of the counts in `dims` (pairs of count and stride)
//     reach(at,dims)   one past the last element that `dims` reaches from offset `at`
//   a:in[n?]           n or 0: the argument may be left out by giving an empty array
//   -> index           returns the position of the first id out of range, or -1; nothing was written then

import type { NumberArray } from '../base/dtype.js'
import type { Layout } from '../base/layout.js'
import type { Epilogue, Roles } from './rules/roles.js'

export type { NumberArray }

export type Role = 'size' | 'flag' | 'layout' | 'scalar' | 'sizes' | 'outer' | 'in' | 'out' | 'inout'
export type Element = 'T' | 'bool' | 'int32' | 'float64' | 'any'

/** What a kernel is, to a planner that does not know its name. */
export type KernelClass = 'elementwise' | 'reduction' | 'rowwise' | 'product' | 'movement' | 'random' | 'optimizer'

/** One row of the table. */
export interface Kernel<S extends string = string> {
  readonly signature: S
  readonly class: KernelClass
  /** The element types T it exists for: `floats` are float32 and float64, `numbers` also int32 and uint8 (bool). */
  readonly dtypes: 'floats' | 'numbers'
  /** Inputs whose array (at full layout) the output may be. */
  readonly inPlace: readonly string[]
  /** Every backend gives the same bits. */
  readonly exact: boolean
  /** The output has the very elements of the first input. */
  readonly copies?: boolean
  /** The arguments that passes and the executor ask for, by their roles. */
  readonly roles?: Roles
  /** Of a scatter: the kernel that makes of the same ids the lists of rows that row-sparse updates take. */
  readonly lists?: string
  /**
   * Of an update: the kernel that does the same where the gradient is a scatter of one outer. It takes the rows that are
   * scattered instead, and their lists. Arguments of scatter, lists and updates that have one name are one thing.
   */
  readonly rowSparse?: string
  /** Of a product: the kernel that goes on as elementwise kernels would that read its output. */
  readonly epilogue?: Epilogue
  /**
   * Of an optimizer: ordinary values of each element of `hyper`. Benches take the first of an element's values, tests the
   * last, or either of 0 and 1 where it is a flag.
   */
  readonly settings?: readonly (readonly number[])[]
  /** Arithmetic operations, as a product like a length's; the cost in bytes follows from the lengths. */
  readonly flops?: string
}

type ArrayFor<R extends string> = R extends `${string}<bool>${string}`
  ? Uint8Array
  : R extends `${string}<int32>${string}`
    ? Int32Array
    : R extends `${string}<float64>${string}`
      ? Float64Array
      : NumberArray

type ArgumentFor<R extends string> = R extends 'size' | 'scalar'
  ? number
  : R extends 'flag'
    ? boolean
    : R extends 'layout'
      ? Layout
      : R extends 'sizes'
        ? Int32Array
        : ArrayFor<R>

type Arguments<S extends string> = S extends `${infer Args} -> index` ? Words<Args> : Words<S>

type Words<S extends string> = S extends 'outer:outer'
  ? [outer?: Int32Array | undefined]
  : S extends `${infer Word} ${infer Rest}`
    ? [WordType<Word>, ...Words<Rest>]
    : [WordType<S>]

type WordType<W extends string> = W extends `${string}:${infer R}` ? ArgumentFor<R> : never

/** The method that a signature stands for. */
export type Method<S extends string> = (...args: Arguments<S>) => S extends `${string} -> index` ? number : void

/** One argument, read from the text. */
export interface Argument {
  readonly name: string
  readonly role: Role
  readonly element: Element
  /** The length's text without `[`, `?` and `]`; empty for what is not an array. */
  readonly length: string
  readonly optional: boolean
}

export interface Signature {
  readonly args: readonly Argument[]
  /** Returns the position of a bad id, or -1. */
  readonly reportsIndex: boolean
}

/** Reads a signature's text. */
export function parseSignature(text: string): Signature {
  const [args, result] = text.split(' -> ')
  return {
    args: args.split(' ').map(word => {
      const match = /^(\w+):(\w+)(?:<(\w+)>)?(?:\[([^\]?]*)(\?)?\])?$/.exec(word)
      if (match === null) throw new SyntaxError(`kernel signature: cannot read ${word}`)
      const [, name, role, element, length, optional] = match
      return {
        name,
        role: role as Role,
        element: (element ?? 'T') as Element,
        length: length ?? '',
        optional: optional !== undefined,
      }
    }),
    reportsIndex: result === 'index',
  }
}
