// A member of a group as a call of its kernel over the whole grid.

import { type Layout, Layout as Layouts } from '../../backend/signature.js'
import { kernelRow } from '../../backend/table.js'
import { ArgumentError } from '../../errors.js'
import type { Group, Member, Operand } from '../plan.js'
import { type ElementType, signatureOf } from '../program.js'

/** The element type of what a member makes. */
export const resultTypeOf = ({ kernel, dtype }: Member): ElementType =>
  signatureOf(kernel).args.some(({ role, element }) => role === 'out' && element === 'bool') ? 'uint8' : dtype

export const layoutOf = (operand: Operand): Layout => ('layout' in operand ? operand.layout : Layouts.full)

/**
 * The arguments in the signature's order.
 * @param arrays what the operands and then the output are.
 * @throws ArgumentError if the kernel is not elementwise, or takes other numbers of operands or scalars.
 */
export function argumentsOf({ rows, cols }: Group, member: Member, arrays: readonly unknown[]): unknown[] {
  const { kernel, scalars, operands } = member
  const fail = (expected: string, got: unknown): never => {
    throw new ArgumentError(`plan: member ${kernel}: expected ${expected}, got ${got}`)
  }
  if (kernelRow(kernel)?.class !== 'elementwise') fail('an elementwise kernel', kernelRow(kernel)?.class)
  const { args } = signatureOf(kernel)
  const counts = { scalar: 0, layout: 0, array: 0 }
  const call = args.map(({ name, role }): unknown => {
    if (role === 'size') return name === 'rows' ? rows : cols
    if (role === 'layout') return operands[counts.layout] && layoutOf(operands[counts.layout++])
    if (role === 'scalar') return scalars[counts.scalar++]
    return role === 'outer' ? undefined : arrays[counts.array++]
  })
  if (counts.layout !== operands.length) fail(`${counts.layout} operands`, operands.length)
  if (counts.scalar !== scalars.length) fail(`${counts.scalar} scalars`, scalars.length)
  return call
}
