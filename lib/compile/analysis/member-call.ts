// A member of a group as a call of its kernel over the whole grid.

import { kernelRow } from '../../backend/table.js'
import { ArgumentError } from '../../base/errors.js'
import { Layout } from '../../base/layout.js'
import type { Group, Member, Operand } from '../plan.js'
import { type ElementType, signatureOf } from '../program.js'

/** The element type of what a member makes. */
export const resultTypeOf = ({ kernel, dtype }: Member): ElementType =>
  signatureOf(kernel).args.some(({ role, element }) => role === 'out' && element === 'bool') ? 'uint8' : dtype

export const layoutOf = (operand: Operand): Layout => ('layout' in operand ? operand.layout : Layout.full)

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
  const count = (wanted: string): number => args.filter(({ role }) => role === wanted).length
  if (operands.length !== count('in')) fail(`${count('in')} operands`, operands.length)
  if (scalars.length !== count('scalar')) fail(`${count('scalar')} scalars`, scalars.length)
  const sizes = [rows, cols]
  let [size, layout, scalar, array] = [0, 0, 0, 0]
  return args.map(({ role }): unknown => {
    if (role === 'size') return sizes[size++]
    if (role === 'layout') return layoutOf(operands[layout++])
    if (role === 'scalar') return scalars[scalar++]
    return role === 'outer' ? undefined : arrays[array++]
  })
}
