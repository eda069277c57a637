// Finds a module's parameters and modules in its properties. Knows no module.

import { type ContainerKind, type Entries, entriesOf } from '../base/containers.js'
import { isOfAnotherCopy } from '../base/copies.js'
import { ArgumentError, showValue } from '../base/errors.js'

/** A Set has no keys to name its values by. */
const searched: readonly ContainerKind[] = ['array', 'map', 'object']

/** Deeper containers are mistakes. */
const deepest = 64

/**
 * The values that `isMember` picks, in order, each with its dotted name: those in `entries` themselves and those in
 * arrays, Maps and plain objects there, however deep.
 * @throws ArgumentError for containers nested too deep, for a member that another copy of this package made, and for a member whose own key holds a dot, since two names could then be the same.
 */
export function* members<M>(
  entries: Entries,
  isMember: (value: unknown) => value is M,
  prefix = '',
  within: readonly unknown[] = [],
): Generator<[name: string, member: M]> {
  for (const [key, value] of entries) {
    const inside = isMember(value) ? undefined : entriesOf(value, searched)
    if (typeof value === 'object' && value !== null && isOfAnotherCopy(value)) {
      throw new ArgumentError(
        `Module: expected members of this copy of blasgrad at ${prefix}${String(key)}, got ${showValue(value)}`,
      )
    }
    if (isMember(value)) {
      yield [prefix + checkKey(key), value]
    } else if (inside !== undefined && !within.includes(value)) {
      if (within.length === deepest) {
        throw new ArgumentError(
          `Module: expected containers nested at most ${deepest} deep, got more in ${prefix.slice(0, 40)}`,
        )
      }
      for (const found of members(inside, isMember, `${prefix}${String(key)}.`, [...within, value])) {
        checkKey(key)
        yield found
      }
    }
  }
}

function checkKey(key: unknown): string {
  if ((typeof key === 'string' && !key.includes('.')) || typeof key === 'number') return String(key)
  throw new ArgumentError(`Module: expected names of parameters and modules without dots, got ${showValue(key)}`)
}
