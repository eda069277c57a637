// Momentum that is scheduled beside the rate: SGD's, or the first beta of Adam and its kin.

import { isArray } from '../../base/containers.js'
import { ArgumentError, showValue } from '../../base/errors.js'
import { type AnyOptimizer, groupsOf, type Settings } from './scheduler.js'

/** A number for each group: the same, or one of a list. @throws ArgumentError for something else. */
export function perGroup(owner: string, name: string, value: number | readonly number[], groups: number): number[] {
  const list = isArray(value) ? [...value] : new Array<number>(groups).fill(value as number)
  if (list.length === groups && list.every(Number.isFinite)) return list
  throw new ArgumentError(
    `${owner}: expected ${name} to be a number, or one for each of ${groups} groups, got ${showValue(value)}`,
  )
}

/** @throws ArgumentError if the optimizer has no momentum. */
export function checkMomentum(owner: string, optimizer: AnyOptimizer): void {
  if (groupsOf(optimizer).every(group => 'momentum' in group || 'betas' in group)) return
  throw new ArgumentError(
    `${owner}: expected an optimizer with momentum or betas; with others set cycleMomentum to false`,
  )
}

export function setMomentum(group: Settings, momentum: number): void {
  if ('betas' in group) group.betas = [momentum, (group.betas as readonly number[])[1]]
  else group.momentum = momentum
}
