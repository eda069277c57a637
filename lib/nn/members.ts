// How a module's parameters and modules are found in its properties. Knows no module.

import { ArgumentError, showValue } from '../base/errors.js'

type Entries = Iterable<readonly [unknown, unknown]>

/**
 * The values that `isMember` picks, in order, each with its dotted name: those in `entries` themselves and those in
 * arrays, Maps and plain objects there, however deep.
 * @throws ArgumentError for a member whose own key holds a dot, since two names could then be the same.
 */
export function* members<M>(
  entries: Entries,
  isMember: (value: unknown) => value is M,
  prefix = '',
  within: readonly unknown[] = [],
): Generator<[name: string, member: M]> {
  for (const [key, value] of entries) {
    const inside = isMember(value) ? undefined : contentsOf(value)
    if (isMember(value)) {
      yield [prefix + checkKey(key), value]
    } else if (inside !== undefined && !within.includes(value)) {
      for (const found of members(inside, isMember, `${prefix}${String(key)}.`, [...within, value])) {
        checkKey(key)
        yield found
      }
    }
  }
}

/** What a container holds; undefined for anything else. */
function contentsOf(value: unknown): Entries | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value)) return value.entries()
  if (value instanceof Map) return value.entries()
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null ? Object.entries(value) : undefined
}

function checkKey(key: unknown): string {
  if ((typeof key === 'string' && !key.includes('.')) || typeof key === 'number') return String(key)
  throw new ArgumentError(`Module: expected names of parameters and modules without dots, got ${showValue(key)}`)
}
