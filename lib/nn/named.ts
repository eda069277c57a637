// Lists of values with names, as modules give them.

import { context } from '../core/context.js'

export type Named<T> = [name: string, value: T]

export const join = (prefix: string, key: string): string => (prefix === '' ? key : `${prefix}.${key}`)

export function unique<T>(pairs: Iterable<Named<T>>): Named<T>[] {
  const seen = new Set<T>()
  return [...pairs].filter(([, value]) => !seen.has(value) && seen.add(value))
}

/** The result of `find`, which guards the step that is being recorded. */
export function guarded<T>(find: () => Named<T>[]): Named<T>[] {
  const found = find()
  context.recording?.guard(found, () => {
    const now = find()
    return now.length === found.length && now.every(([name, value], i) => found[i][0] === name && found[i][1] === value)
  })
  return found
}
