// Evaluates a length's text (see signature.ts): a product of numbers, sizes, grid, count and reach.

import { Layout } from '../../base/layout.js'
import type { Argument, Role } from '../signature.js'

export type Evaluate = (args: readonly unknown[]) => number

/** An array argument, and the length it needs. */
export interface ArrayRule {
  readonly index: number
  readonly argument: Argument
  readonly length: Evaluate
}

/** The number of elements that a call needs of an array argument: none where it is left out. */
export const neededBy = ({ index, argument, length }: ArrayRule, args: readonly unknown[]): number =>
  argument.optional && (args[index] as ArrayLike<number>).length === 0 ? 0 : length(args)

/** Whether an argument of this role is an array that a kernel computes with (sizes and outer are parameters). */
export const isArray = (role: Role): boolean => role === 'in' || role === 'out' || role === 'inout'

/** The operands of a grid: how many arguments are layouts. */
export const operandsOf = (args: readonly Argument[]): number => args.filter(({ role }) => role === 'layout').length

/** The number of points of all axes of `outer`, each 1 + operands numbers: its count, then a stride per operand. */
function outerPoints(outer: Int32Array | undefined, width: number): number {
  let points = 1
  if (outer !== undefined) for (let axis = 0; axis < outer.length; axis += width) points *= outer[axis]
  return points
}

/** How far an operand's strides lead over `outer`; −∞ where an axis has no points. */
function outerReach(outer: Int32Array | undefined, width: number, operand: number): number {
  let reach = 0
  if (outer === undefined) return reach
  for (let axis = 0; axis < outer.length; axis += width) {
    if (outer[axis] === 0) return Number.NEGATIVE_INFINITY
    reach += (outer[axis] - 1) * outer[axis + 1 + operand]
  }
  return reach
}

function layoutLength(layout: number, rows: number, cols: number): number {
  if (layout === Layout.full) return rows * cols
  if (layout === Layout.scalar) return 1
  return layout === Layout.row ? cols : rows
}

function compileFactor(text: string, args: readonly Argument[]): Evaluate {
  const position = (name: string): number => {
    const index = args.findIndex(argument => argument.name === name)
    if (index === -1) throw new SyntaxError(`kernel signature: no argument ${name} for ${text}`)
    return index
  }
  const match = /^(?:(\d+)|(\w+)(?:\(([^)]*)\))?)$/.exec(text)
  if (match === null) throw new SyntaxError(`kernel signature: cannot read the length ${text}`)
  const [, digits, word, inner] = match
  if (digits !== undefined) {
    const value = Number(digits)
    return () => value
  }
  const parameters = inner?.split(',') ?? []
  if (word === 'grid') {
    const [rows, cols] = [position('rows'), position('cols')]
    const width = 1 + operandsOf(args)
    const outer = args.findIndex(({ role }) => role === 'outer')
    const outerOf = (call: readonly unknown[]) => (outer === -1 ? undefined : (call[outer] as Int32Array | undefined))
    if (parameters.length === 0) {
      return call => (call[rows] as number) * (call[cols] as number) * outerPoints(outerOf(call), width)
    }
    const layout = position(parameters[0])
    const base: Evaluate = call => layoutLength(call[layout] as number, call[rows] as number, call[cols] as number)
    if (parameters.length === 1) return base
    const operand = Number(parameters[1])
    return call => {
      const length = base(call)
      return length === 0 ? 0 : Math.max(0, length + outerReach(outerOf(call), width, operand))
    }
  }
  if (word === 'count' && inner !== undefined) {
    const dims = position(parameters[0])
    return call => {
      const pairs = call[dims] as Int32Array
      let count = 1
      for (let at = 0; at < pairs.length; at += 2) count *= pairs[at]
      return count
    }
  }
  if (word === 'reach' && inner !== undefined) {
    const [at, dims] = parameters.map(position)
    return call => {
      const pairs = call[dims] as Int32Array
      let last = call[at] as number
      for (let pair = 0; pair < pairs.length; pair += 2) {
        if (pairs[pair] === 0) return 0
        last += (pairs[pair] - 1) * pairs[pair + 1]
      }
      return last + 1
    }
  }
  const index = position(word)
  return call => call[index] as number
}

/** Compiles a product like `rows*cols*m*k` or `grid(aLayout,0)`. */
export function compileProduct(text: string, args: readonly Argument[]): Evaluate {
  const factors = text.split('*').map(factor => compileFactor(factor, args))
  if (factors.length === 1) return factors[0]
  return call => {
    let product = 1
    for (const factor of factors) product *= factor(call)
    return product
  }
}
