// Calls and their arguments by name, for passes that put one kernel in the place of another.

import type { KernelName } from '../../backend/table.js'
import { type Argument, type Call, signatureOf } from '../program.js'

/** A call of a kernel with arguments by name; of an array, `length` is what its signature says of it. */
export function callOf(
  kernel: string,
  source: number | undefined,
  argument: (name: string, length: string) => Argument,
): Call {
  const name = kernel as KernelName
  const args = signatureOf(name).args.map(each => argument(each.name, each.length))
  return source === undefined ? { kernel: name, args } : { kernel: name, args, source }
}

export function argumentOf({ kernel, args }: Call, name: string): Argument {
  return args[signatureOf(kernel).args.findIndex(each => each.name === name)]
}

export const hasArgument = ({ kernel }: Call, name: string): boolean =>
  signatureOf(kernel).args.some(each => each.name === name)

/** What the first of the calls that has an argument of that name passes for it. */
export function firstNamed(name: string, ...calls: readonly Call[]): Argument {
  const call = calls.find(each => hasArgument(each, name))
  return call && argumentOf(call, name)
}
