// The rules that follow from a kernel's row: its parsed signature, its roles as positions of arguments, and the size along
// which calls are partitioned. Each is derived here and nowhere else; the addon is given the same (facts.ts).

import { isArray } from '../lengths/product.js'
import { type Argument, parseSignature, type Signature } from '../signature.js'
import { type KernelName, kernelRow } from '../table.js'
import type { Roles } from './roles.js'

export interface KernelRules {
  readonly signature: Signature
  /** The roles of the row, as positions of arguments. */
  readonly roles: Roles<number>
  /** The position of the size that leads the length of every array which is written, −1: there is none. */
  readonly leading: number
  /** The arguments that have it as their leading factor, bit i for argument i: their part i belongs to row i. */
  readonly along: number
}

/** A set of arguments, as bits. */
export const maskOf = (positions: readonly number[]): number => positions.reduce((mask, at) => mask | (1 << at), 0)

function positionsOf(name: KernelName, args: readonly Argument[]): Roles<number> {
  const position = (argument: string): number => {
    const at = args.findIndex(each => each.name === argument)
    if (at === -1) throw new SyntaxError(`kernel ${name}: no argument ${argument} for a role`)
    return at
  }
  const families = Object.entries(kernelRow(name).roles ?? {}).map(([family, roles]) => [
    family,
    Object.fromEntries(Object.entries(roles as Record<string, string>).map(([role, of]) => [role, position(of)])),
  ])
  return Object.fromEntries(families) as Roles<number>
}

/**
 * A call falls into parts along a size that leads all that is written; an array then either has it as its leading factor
 * too, or is read whole by all parts. An input has to have it: else what an element becomes could depend on its position.
 */
function leadingOf(args: readonly Argument[]): number {
  const factors = args.map(({ role, length }) => (isArray(role) ? length.split('*') : []))
  const written = args.flatMap(({ role }, at) => (isArray(role) && role !== 'in' ? [factors[at][0]] : []))
  const [size] = written
  const leading = args.findIndex(({ name, role }) => name === size && role === 'size')
  const isPlain = factors.flat().every(factor => /^\w+$/.test(factor))
  const leadsOnly = factors.every(([, ...others]) => !others.includes(size))
  const isRead = args.some(({ role }, at) => role !== 'out' && factors[at][0] === size)
  return isPlain && leadsOnly && isRead && written.every(each => each === size) ? leading : -1
}

function rulesFor(name: KernelName): KernelRules {
  const signature = parseSignature(kernelRow(name).signature)
  const { args } = signature
  const leading = leadingOf(args)
  const isLed = ({ role, length }: Argument): boolean => isArray(role) && length.split('*')[0] === args[leading].name
  const along = leading === -1 ? 0 : maskOf(args.flatMap((argument, at) => (isLed(argument) ? [at] : [])))
  return { signature, roles: positionsOf(name, args), leading, along }
}

const known = new Map<KernelName, KernelRules>()

export function rulesOf(name: KernelName): KernelRules {
  let rules = known.get(name)
  if (rules === undefined) {
    rules = rulesFor(name)
    known.set(name, rules)
  }
  return rules
}
