// Plain containers, in which tensors and modules may lie: arrays, Maps, Sets and plain objects. Knows neither.

import { types } from 'node:util'

export type ContainerKind = 'array' | 'map' | 'set' | 'object'

/** A container's values under their keys: indices, a Map's keys, names. A Set's values are their own keys. */
export type Entries = Iterable<readonly [key: unknown, value: unknown]>

/** Which container `value` is; undefined for anything else, instances of classes among them. */
export function containerKind(value: unknown): ContainerKind | undefined {
  if (typeof value !== 'object' || value === null || isRevoked(value)) return undefined
  if (Array.isArray(value)) return 'array'
  if (isMap(value)) return 'map'
  if (isSet(value)) return 'set'
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null || isForeignPlain(prototype) ? 'object' : undefined
}

/** Whether this is another realm's Object.prototype: no class's prototype is without one of its own. */
const isForeignPlain = (prototype: unknown): boolean =>
  Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'hasOwnProperty')

/** Whether `value` is a revoked proxy: whatever is asked of one throws a TypeError. */
export function isRevoked(value: unknown): boolean {
  try {
    Array.isArray(value)
    return false
  } catch {
    return true
  }
}

/** Array.isArray, but false for a revoked proxy. */
// biome-ignore lint/suspicious/noExplicitAny: as Array.isArray says
export function isArray(value: unknown): value is any[] {
  try {
    return Array.isArray(value)
  } catch {
    return false
  }
}

/** Whether `value` is a Map, of any realm. The native test is asked last, since it takes as long as all else. */
export const isMap = (value: unknown): value is Map<never, never> => value instanceof Map || types.isMap(value)
const isSet = (value: unknown): value is Set<never> => value instanceof Set || types.isSet(value)

/** What `value` holds, if it is a container of one of `kinds`. */
export function entriesOf(value: unknown, kinds: readonly ContainerKind[]): Entries | undefined {
  const kind = containerKind(value)
  if (kind === undefined || !kinds.includes(kind)) return undefined
  return kind === 'object' ? Object.entries(value as object) : (value as unknown[]).entries()
}

/**
 * An empty container of `value`'s kind and the function that fills it with `copy` of all that `value` holds, a Map's keys
 * included; undefined where `value` is no container. Two steps, so that a container may hold itself.
 */
export function beginContainer(
  value: unknown,
  copy: (inner: unknown) => unknown,
): { readonly made: object; readonly fill: () => void } | undefined {
  const kind = containerKind(value)
  if (kind === undefined) return undefined
  if (kind === 'map') {
    const made = new Map()
    const fill = (): void => {
      for (const [key, inner] of value as Map<unknown, unknown>) made.set(copy(key), copy(inner))
    }
    return { made, fill }
  }
  if (kind === 'set') {
    const made = new Set()
    const fill = (): void => {
      for (const inner of value as Set<unknown>) made.add(copy(inner))
    }
    return { made, fill }
  }
  const made: object = kind === 'array' ? [] : Object.create(Object.getPrototypeOf(value))
  return { made, fill: () => copyProperties(value as object, made, copy) }
}

/** Gives `to` the own properties of `from`, values copied, getters as they are. Frozen stays frozen. */
export function copyProperties(from: object, to: object, copy: (inner: unknown) => unknown): void {
  for (const key of Reflect.ownKeys(from)) {
    const property = Object.getOwnPropertyDescriptor(from, key) as PropertyDescriptor
    Object.defineProperty(to, key, 'value' in property ? { ...property, value: copy(property.value) } : property)
  }
  if (!Object.isExtensible(from)) Object.preventExtensions(to)
}
