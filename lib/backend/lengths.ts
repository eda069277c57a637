// What a kernel's row says about the arguments of a call: the length that each array needs, the cost in bytes and
// operations, and the check of a whole call. Each row is compiled once into closures. The addon checks natively, with
// the same messages; this file serves the reference backend, the recorder, the planner and the benches.

import { checker } from './lengths/check.js'
import { type ArrayRule, compileProduct, type Evaluate, isArray, neededBy } from './lengths/product.js'
import { parseSignature } from './signature.js'
import { type KernelName, kernelNames, kernelRow } from './table.js'

/** A call's arguments, in the order of the signature. */
export type CallArguments = readonly unknown[]

interface Compiled {
  readonly arrays: readonly ArrayRule[]
  readonly flops: Evaluate
  readonly check: (args: CallArguments) => void
}

function compile(name: KernelName): Compiled {
  const row = kernelRow(name)
  const { args } = parseSignature(row.signature)
  const arrays = args
    .map((argument, index) => ({ argument, index }))
    .filter(({ argument }) => isArray(argument.role))
    .map(({ argument, index }) => ({ argument, index, length: compileProduct(argument.length, args) }))
  return {
    arrays,
    flops: row.flops === undefined ? () => 0 : compileProduct(row.flops, args),
    check: checker(name, row, args, arrays),
  }
}

const compiled = new Map<KernelName, Compiled>(kernelNames.map(name => [name, compile(name)]))
const rulesOf = (name: KernelName): Compiled => compiled.get(name) as Compiled

/** Throws ArgumentError unless `args` is a call that the kernel's row allows. */
export const checkerOf = (name: KernelName): ((args: CallArguments) => void) => rulesOf(name).check

/** The number of elements that a call needs of each array argument (in, out and inout), in the signature's order. */
export const lengthsOf = (name: KernelName, args: CallArguments): number[] =>
  rulesOf(name).arrays.map(rule => neededBy(rule, args))

/** Whether a call writes no element: its other sizes may be huge then. */
export const writesNothing = (name: KernelName, args: CallArguments): boolean =>
  rulesOf(name).arrays.every(rule => rule.argument.role === 'in' || neededBy(rule, args) === 0)

/** The bytes that a call reads and writes, each element once; twice for what is updated in place. */
export function bytesOf(name: KernelName, args: CallArguments): number {
  let bytes = 0
  for (const rule of rulesOf(name).arrays) {
    const { BYTES_PER_ELEMENT } = args[rule.index] as Float32Array
    bytes += neededBy(rule, args) * BYTES_PER_ELEMENT * (rule.argument.role === 'inout' ? 2 : 1)
  }
  return bytes
}

/** The arithmetic operations of a call, 0 where the row gives none. */
export const flopsOf = (name: KernelName, args: CallArguments): number => rulesOf(name).flops(args)
