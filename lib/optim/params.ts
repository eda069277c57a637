// What an optimizer is given to train, checked.

import { isFloat } from '../base/dtype.js'
import { ArgumentError, DTypeError, GradientError, showValue } from '../base/errors.js'
import type { Storage } from '../core/storage.js'
import { Tensor } from '../core/tensor.js'
import type { HyperRecord, Settings } from './hyper.js'

/** Parameters with settings of their own; what is left out is the optimizer's. */
export type GroupOptions<H extends HyperRecord> = { readonly params: Iterable<Tensor> } & Partial<Settings<H>>

/** Parameters, or groups of them. */
export type OptimizerParams<H extends HyperRecord> = Iterable<Tensor> | Iterable<GroupOptions<H>>

export const isIterable = (value: unknown): value is Iterable<unknown> =>
  typeof value === 'object' &&
  value !== null &&
  Symbol.iterator in value &&
  typeof value[Symbol.iterator] === 'function'

/** `params` as a list of groups, each at least of the form of one. */
export function toGroups<H extends HyperRecord>(owner: string, params: OptimizerParams<H>): GroupOptions<H>[] {
  if (params instanceof Tensor || !isIterable(params)) {
    throw new ArgumentError(`${owner}: expected an array of parameters or of groups, got ${showValue(params)}`)
  }
  const list: unknown[] = [...params]
  if (list.length === 0) throw new ArgumentError(`${owner}: expected at least one parameter, got none`)
  const grouped = list.some(entry => typeof entry === 'object' && entry !== null && 'params' in entry)
  return (grouped ? list : [{ params: list }]) as GroupOptions<H>[]
}

/**
 * The tensors of one group. `known` holds the storages of those that other groups have, and gets these.
 * @throws ArgumentError, DTypeError or GradientError for what cannot be trained, or twice.
 */
export function checkParams(owner: string, group: unknown, known: Set<Storage>): Tensor[] {
  const given = typeof group === 'object' && group !== null && 'params' in group ? group.params : undefined
  if (given instanceof Tensor || !isIterable(given)) {
    throw new ArgumentError(`${owner}: expected a group with an array of params, got ${showValue(given ?? group)}`)
  }
  return [...given].map((parameter, i) => {
    if (!(parameter instanceof Tensor)) {
      throw new ArgumentError(`${owner}: expected params[${i}] to be a Tensor, got ${showValue(parameter)}`)
    }
    if (!isFloat(parameter.dtype)) {
      throw new DTypeError(`${owner}: expected params[${i}] to be float32 or float64, got ${parameter.dtype}`)
    }
    if (!parameter.isLeaf) {
      throw new GradientError(`${owner}: expected params[${i}] to be a leaf, got the result of an op`)
    }
    if (known.has(parameter.storage)) {
      throw new ArgumentError(`${owner}: expected each parameter once, got params[${i}] again`)
    }
    known.add(parameter.storage)
    return parameter
  })
}
