// What a kernel's arguments mean to passes and to the executor: typed roles, which a row fills with names of its own
// arguments. Nothing outside the table reads such a name.

import type { Layout } from '../../base/layout.js'

/** The roles of a matrix product out [m, n] = op(a) [m, k] · op(b) [k, n]. */
export interface ProductRoles<A = string> {
  readonly transposeA: A
  readonly transposeB: A
  readonly m: A
  readonly n: A
  readonly k: A
  readonly a: A
  readonly b: A
  readonly out: A
  /** The grid of a batched product, and how each array lies over it. */
  readonly batchRows?: A
  readonly batchCols?: A
  readonly aLayout?: A
  readonly bLayout?: A
  readonly outLayout?: A
  /** The arguments of an epilogue. */
  readonly bias?: A
  readonly relu?: A
  readonly reluMask?: A
}

/** The roles of a reduction of input [outer, n, inner] to output [outer, inner] that combines: the sum of sums is the sum. */
export interface ReductionRoles<A = string> {
  readonly outer: A
  readonly n: A
  readonly inner: A
  readonly input: A
  readonly output: A
}

/** The roles of a kernel that adds the rows of `gradient` to zeros; the rows of one table, where `outer` is 1. */
export interface ScatterRoles<A = string> {
  readonly outer: A
  readonly gradient: A
}

/** The role of what an optimizer's update reads. */
export interface UpdateRoles<A = string> {
  readonly gradient: A
}

/** What a lookup reads of a table: at most as many elements as `rows` has. */
export interface LookupRoles<A = string> {
  readonly table: A
  readonly rows: A
}

export interface Roles<A = string> {
  readonly product?: ProductRoles<A>
  readonly reduction?: ReductionRoles<A>
  readonly scatter?: ScatterRoles<A>
  readonly update?: UpdateRoles<A>
  readonly lookup?: LookupRoles<A>
}

/** An elementwise kernel that a product may apply to its output, and the role of the argument that it becomes. */
export interface EpilogueStep {
  readonly kernel: string
  /** A flag, where the kernel has no other operand; else that operand, which lies as `layout` says. */
  readonly role: 'bias' | 'relu' | 'reluMask'
  readonly layout?: Layout
}

/** The kernel that does the same as a product of one matrix each, then these steps in order, each of them or not. */
export interface Epilogue {
  readonly kernel: string
  readonly steps: readonly EpilogueStep[]
}
