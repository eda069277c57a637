// Arguments and results as trees: tensors and numbers at the leaves of arrays and plain objects. What is not a tensor or
// a number is part of the structure.

import { type ContainerKind, entriesOf } from '../base/containers.js'
import { ArgumentError, showValue } from '../base/errors.js'
import { sameShape } from '../base/shape.js'
import { isTensor } from '../core/is-tensor.js'
import type { Tensor } from '../core/tensor.js'

export type Leaf = Tensor | number

export interface Tree {
  readonly leaves: readonly Leaf[]
  /** The structure as text: equal for trees that differ in their leaves' values only. */
  readonly key: string
}

/** Positions of arguments whose numbers are part of the structure. */
export type Statics = ReadonlySet<number>

const none: Statics = new Set()

const leafKey = (leaf: Leaf): string => (typeof leaf === 'number' ? '#' : `${leaf.dtype}[${leaf.shape}]`)

/** Arrays and plain objects carry structure; a Map or a Set is refused. */
const structures: readonly ContainerKind[] = ['array', 'object']

/** Deeper trees, and larger ones, are mistakes. */
const deepest = 64
const mostValues = 1_000_000

const isLeaf = (value: unknown, isStatic: boolean): value is Leaf =>
  isTensor(value) || (typeof value === 'number' && !isStatic)

/**
 * Takes a tree apart. @throws ArgumentError for what can be neither leaf nor structure (functions, class instances).
 * @param statics positions in the list `root` below which a number is no leaf.
 */
export function flatten(what: string, root: unknown, statics = none): Tree {
  const leaves: Leaf[] = []
  let visited = 0
  const visit = (value: unknown, depth: number, isStatic: boolean): string => {
    // What holds itself has no end; what holds one thing at many places may have none in a lifetime.
    if (depth > deepest || ++visited > mostValues) {
      const most = depth > deepest ? `nested at most ${deepest} deep` : `of at most ${mostValues} values`
      throw new ArgumentError(`${what}: expected arrays and objects ${most}, got more`)
    }
    if (isLeaf(value, isStatic)) {
      leaves.push(value)
      return leafKey(value)
    }
    if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
    if (value === null || value === undefined || typeof value === 'boolean') return String(value)
    if (typeof value === 'string') return JSON.stringify(value)
    const entries = entriesOf(value, structures)
    if (entries !== undefined) {
      return Array.isArray(value)
        ? `[${Array.from(entries, ([at, inner]) => visit(inner, depth + 1, isStatic || (depth === 0 && statics.has(at as number))))}]`
        : `{${Array.from(entries, ([name, inner]) => `${JSON.stringify(name)}:${visit(inner, depth + 1, isStatic)}`)}}`
    }
    throw new ArgumentError(
      `${what}: expected tensors, numbers, strings, booleans, null, or arrays and objects of them, got ${showValue(value)}`,
    )
  }
  const key = visit(root, 0, false)
  return { leaves, key }
}

/** What a leaf's key says of it; null for a number. */
type LeafKind = Pick<Tensor, 'shape' | 'dtype'> | null

/** The kinds of `args`, if all of them are leaves. */
export function kindsOf(args: readonly unknown[]): LeafKind[] | undefined {
  const kinds: LeafKind[] = []
  for (const arg of args) {
    if (isTensor(arg)) kinds.push({ shape: arg.shape, dtype: arg.dtype })
    else if (typeof arg === 'number') kinds.push(null)
    else return undefined
  }
  return kinds
}

/** Whether `args` are leaves of these kinds: their tree then has the key of what the kinds were taken of. */
export function areOfKinds(args: readonly unknown[], kinds: readonly LeafKind[]): args is readonly Leaf[] {
  if (args.length !== kinds.length) return false
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]
    const kind = kinds[i]
    if (kind === null ? typeof arg !== 'number' : !isTensor(arg)) return false
    if (isTensor(arg) && kind !== null && (arg.dtype !== kind.dtype || !sameShape(arg.shape, kind.shape))) return false
  }
  return true
}

/** The same structure with other leaves, in order. */
export function rebuild(root: unknown, leaves: readonly unknown[], statics = none): unknown {
  let next = 0
  const visit = (value: unknown, depth: number, isStatic: boolean): unknown => {
    if (isLeaf(value, isStatic)) return leaves[next++]
    const entries = entriesOf(value, structures)
    if (entries === undefined) return value
    if (Array.isArray(value)) {
      return Array.from(entries, ([at, inner]) =>
        visit(inner, depth + 1, isStatic || (depth === 0 && statics.has(at as number))),
      )
    }
    return Object.fromEntries(Array.from(entries, ([name, inner]) => [name, visit(inner, depth + 1, isStatic)]))
  }
  return visit(root, 0, false)
}
