// What a kernel writes must share no memory with its other arrays, but for an input that the row allows the output to be.

import { ArgumentError } from '../../base/errors.js'
import type { Argument, Kernel, NumberArray } from '../signature.js'
import { type ArrayRule, neededBy } from './product.js'

/** Whether an elementwise operand's strides over the outer axes are those of the output, which is contiguous. */
function liesLikeOutput(outer: Int32Array | undefined, width: number, operand: number, grid: number): boolean {
  if (outer === undefined) return true
  let stride = grid
  for (let axis = outer.length - width; axis >= 0; axis -= width) {
    if (outer[axis] > 1 && outer[axis + 1 + operand] !== stride) return false
    stride *= outer[axis]
  }
  return true
}

/** Where in its buffer the part of an array that a call needs ends. */
function endOf(rule: ArrayRule, call: readonly unknown[]): number {
  const { byteOffset, BYTES_PER_ELEMENT } = call[rule.index] as NumberArray
  return byteOffset + neededBy(rule, call) * BYTES_PER_ELEMENT
}

/** The check that no two arrays of a call overlap of which one is written, unless it is in place. */
export function checkOverlaps(
  name: string,
  row: Kernel,
  args: readonly Argument[],
  arrays: readonly ArrayRule[],
): (args: readonly unknown[]) => void {
  const written = arrays.filter(({ argument }) => argument.role !== 'in')
  const outerAt = args.findIndex(({ role }) => role === 'outer')
  const inputs = args.filter(({ role }) => role === 'in')
  const fits = (call: readonly unknown[], input: Argument): boolean => {
    if (!row.inPlace.includes(input.name)) return false
    const outer = outerAt === -1 ? undefined : (call[outerAt] as Int32Array | undefined)
    return liesLikeOutput(outer, 1 + inputs.length, inputs.indexOf(input), Number(call[0]) * Number(call[1]))
  }
  return call => {
    for (const rule of written) {
      const out = call[rule.index] as NumberArray
      for (const other of arrays) {
        const array = call[other.index] as NumberArray
        if (other === rule || array.buffer !== out.buffer) continue
        const outEnd = endOf(rule, call)
        const end = endOf(other, call)
        const apart = outEnd <= array.byteOffset || end <= out.byteOffset
        if (apart || outEnd === out.byteOffset || end === array.byteOffset) continue
        const same = array.byteOffset === out.byteOffset && end === outEnd
        if (same && fits(call, other.argument)) continue
        throw new ArgumentError(
          `${name}: expected ${rule.argument.name} to share no memory with ${other.argument.name}, ` +
            'got arrays that overlap',
        )
      }
    }
  }
}
