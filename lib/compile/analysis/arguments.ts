// A call's arguments by their roles, and the calls that stand for others: an argument that two kernels share by its
// signature keeps what was passed for it.

import { rulesOf } from '../../backend/rules/rules.js'
import type { KernelName } from '../../backend/table.js'
import { type Argument, type Call, isReference, signatureOf } from '../program.js'

/** The size that a call passes for the argument at `at`; 0 where there is none. */
export function sizeAt({ args }: Call, at: number | undefined): number {
  const found = at === undefined ? undefined : args[at]
  return typeof found === 'number' && !isReference(found) ? found : 0
}

/**
 * A call of `kernel` in the place of `calls`, from `source`: it passes what the first of them passes that has the argument.
 * @param given arguments by position, before all others.
 * @param otherwise what is passed for an argument that none of them has; `at` is its position, `length` of an array what
 * the signature says.
 */
export function callLike(
  kernel: string,
  source: number | undefined,
  calls: readonly Call[],
  given: ReadonlyMap<number, Argument>,
  otherwise: (at: number, length: string) => Argument,
): Call {
  const name = kernel as KernelName
  const args = signatureOf(name).args.map((argument, at) => {
    if (given.has(at)) return given.get(at)
    for (const call of calls) {
      const same = signatureOf(call.kernel).args.findIndex(each => each.name === argument.name)
      if (same !== -1) return call.args[same]
    }
    return otherwise(at, argument.length)
  })
  return source === undefined ? { kernel: name, args } : { kernel: name, args, source }
}

/** The size that a call passes for the one factor of an array's length. */
export function lengthIn(call: Call, length: string): number {
  return sizeAt(
    call,
    signatureOf(call.kernel).args.findIndex(({ name }) => name === length),
  )
}

/** The roles of a call's kernel, as positions of arguments. */
export const rolesOf = ({ kernel }: Call) => rulesOf(kernel).roles
