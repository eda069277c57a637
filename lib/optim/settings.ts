// A group's settings, checked.

import { isArray } from '../base/containers.js'
import { ArgumentError, showValue } from '../base/errors.js'
import type { Declaration } from './declaration.js'
import type { HyperRecord, Settings } from './hyper.js'

/** The settings that an optimizer has by default. */
export function initialSettings<H extends HyperRecord>({ hyper }: Declaration<H>): Settings<H> {
  return Object.fromEntries(Object.entries(hyper).map(([name, { initial }]) => [name, initial])) as Settings<H>
}

/**
 * `base` with `changes`; one that is undefined is none.
 * @throws ArgumentError for a name that is no setting, a value out of range, or settings that contradict each other.
 */
export function changeSettings<H extends HyperRecord>(
  { name: owner, hyper, conflict }: Declaration<H>,
  base: Settings<H>,
  changes: Readonly<Record<string, unknown>>,
): Settings<H> {
  if (typeof changes !== 'object' || changes === null || isArray(changes)) {
    throw new ArgumentError(`${owner}: expected an object of options, got ${showValue(changes)}`)
  }
  const settings: Record<string, unknown> = { ...base }
  for (const [name, value] of Object.entries(changes)) {
    if (!Object.hasOwn(hyper, name)) {
      throw new ArgumentError(`${owner}: expected options ${Object.keys(hyper).join(', ')}, got ${name}`)
    }
    if (value === undefined) continue
    if (!hyper[name].accepts(value)) {
      throw new ArgumentError(`${owner}: expected ${name} to be ${hyper[name].expected}, got ${showValue(value)}`)
    }
    settings[name] = value
  }
  const wrong = conflict(settings as Settings<H>)
  if (wrong !== null) throw new ArgumentError(`${owner}: ${wrong}`)
  return settings as Settings<H>
}
