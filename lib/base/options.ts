// Checks of option objects, by a schema of names and kinds beside each interface.

import { isRevoked } from './containers.js'
import { ArgumentError, showValue } from './errors.js'

/** The kind of value that an option takes. */
export interface Kind {
  /** Its name in messages. */
  readonly expected: string
  accepts(value: unknown): boolean
}

/** A kind for each option of the interface `T`. */
export type Schema<T> = { readonly [K in keyof T]-?: Kind }

const numbers = (expected: string, accepts: (value: number) => boolean): Kind => ({
  expected,
  accepts: value => typeof value === 'number' && accepts(value),
})

export const flag: Kind = { expected: 'true or false', accepts: value => typeof value === 'boolean' }
export const func: Kind = { expected: 'a function', accepts: value => typeof value === 'function' }
export const number: Kind = numbers('a number', value => !Number.isNaN(value))
export const finite: Kind = numbers('a finite number', Number.isFinite)
export const integer: Kind = numbers('an integer', Number.isInteger)
export const nonNegative: Kind = numbers('0 or more', value => value >= 0)
export const positive: Kind = numbers('above 0', value => value > 0)

export const finitePositive: Kind = numbers('above 0 and finite', value => value > 0 && value < Infinity)
export const fraction: Kind = numbers('in [0, 1]', value => value >= 0 && value <= 1)

const quote = (value: string): string => `'${value}'`

export const oneOf = (...values: readonly string[]): Kind => ({
  expected: `${values.slice(0, -1).map(quote).join(', ')} or ${quote(values[values.length - 1])}`,
  accepts: value => values.includes(value as string),
})

/** Any value: the code that uses it checks it, such as a shape or a dtype. */
export const checkedWhereUsed: Kind = { expected: '', accepts: () => true }

/**
 * Checks `options`; an undefined value counts as missing.
 * @throws ArgumentError if it is not an object, for an unknown name and for a value of another kind.
 */
export function checkOptions<T extends object>(owner: string, options: T, schema: Schema<T>): T {
  if (typeof options !== 'object' || options === null || isRevoked(options) || Array.isArray(options)) {
    throw new ArgumentError(`${owner}: expected an object of options, got ${showValue(options)}`)
  }
  for (const name in options) {
    if (!Object.hasOwn(schema, name)) {
      // A property that other code gave to every object is no option.
      if (!Object.hasOwn(options, name) && name in Object.prototype) continue
      throw new ArgumentError(`${owner}: expected options ${Object.keys(schema).join(', ')}, got ${name}`)
    }
    const value: unknown = options[name]
    const kind = schema[name]
    if (value === undefined || kind.accepts(value)) continue
    throw new ArgumentError(`${owner}: expected ${name} to be ${kind.expected}, got ${showValue(value)}`)
  }
  return options
}
