// Loading of saved state: named tensors, all checked before any is copied.

import { ArgumentError, showShape, showValue } from '../base/errors.js'
import { flag, type Schema } from '../base/options.js'
import { type Shape, sameShape } from '../base/shape.js'
import { Tensor } from './tensor.js'

/** Named tensors, as `stateDict()` gives them and files hold them. */
export type StateDict = Readonly<Record<string, Tensor>>

export interface LoadOptions {
  /** Throw for missing and unexpected keys (the default). A shape that does not fit always throws. */
  readonly strict?: boolean
}

export const loadOptions: Schema<LoadOptions> = { strict: flag }

export interface LoadResult {
  readonly missingKeys: string[]
  readonly unexpectedKeys: string[]
}

export interface Comparison extends LoadResult {
  /** One line for each value that is not a tensor of the target's shape. */
  readonly misfits: string[]
}

/** Compares `state` with the tensors, or the shapes, it is meant for. */
export function compareState(
  targets: Readonly<Record<string, { readonly shape: Shape }>>,
  state: StateDict,
): Comparison {
  const missingKeys = Object.keys(targets).filter(key => !Object.hasOwn(state, key))
  const unexpectedKeys = Object.keys(state).filter(key => !Object.hasOwn(targets, key))
  const misfits: string[] = []
  for (const [key, target] of Object.entries(targets)) {
    if (!Object.hasOwn(state, key)) continue
    const value: unknown = state[key]
    if (!(value instanceof Tensor)) {
      misfits.push(`${key}: expected a Tensor, got ${showValue(value)}`)
    } else if (!sameShape(value.shape, target.shape)) {
      misfits.push(`${key}: expected shape ${showShape(target.shape)}, got ${showShape(value.shape)}`)
    }
  }
  return { missingKeys, unexpectedKeys, misfits }
}

/** One line for each problem. */
export function problemsOf({ missingKeys, unexpectedKeys, misfits }: Comparison, strict: boolean): string[] {
  const lines = [...misfits]
  if (strict && unexpectedKeys.length > 0) lines.unshift(`unexpected keys: ${unexpectedKeys.join(', ')}`)
  if (strict && missingKeys.length > 0) lines.unshift(`missing keys: ${missingKeys.join(', ')}`)
  return lines
}

/** One error for all of `problems`, if there are any. */
export function throwProblems(owner: string, problems: readonly string[]): void {
  if (problems.length === 0) return
  throw new ArgumentError(
    `loadStateDict: the state does not fit ${owner}:\n${problems.map(line => `  ${line}`).join('\n')}`,
  )
}

/** @throws ArgumentError unless `state` is an object of named values. */
export function checkStateDict(state: unknown): asserts state is StateDict {
  if (typeof state === 'object' && state !== null && !Array.isArray(state) && !(state instanceof Map)) return
  throw new ArgumentError(`loadStateDict: expected an object of named tensors, got ${showValue(state)}`)
}

/** Copies each value over its target, in the target's storage and dtype. Targets without a value stay. */
export function copyState(targets: StateDict, state: StateDict): void {
  for (const [key, target] of Object.entries(targets)) {
    if (Object.hasOwn(state, key)) target.assign(state[key])
  }
}
