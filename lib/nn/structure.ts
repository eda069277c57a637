// What modules are made of, as a recorded step has found it: whether a layer, parameter or buffer was put in another's
// place since.

import { type ContainerKind, entriesOf } from '../base/containers.js'
import type { Storage } from '../core/storage.js'
import { Tensor } from '../core/tensor.js'

/** By module or by the storage of a parameter or buffer, the module that was last seen to hold it. */
const holders = new WeakMap<object, object>()

/** Notes that `holder` has `member`. */
export const noteHolder = (member: object, holder: object): void => void holders.set(member, holder)

/** The outermost module that is known to have `member`. */
function rootOf(member: object): object | undefined {
  const seen = new Set<object>()
  let root = holders.get(member)
  for (let above = root; above !== undefined && !seen.has(above); above = holders.get(above)) {
    seen.add(above)
    root = above
  }
  return root
}

/** A property or an element that was there. */
interface Place {
  readonly holder: Readonly<Record<string | number, unknown>>
  readonly key: string | number
  readonly value: unknown
}

interface Reads {
  readonly storages: ReadonlySet<Storage>
  /** What a module is made of. */
  readonly entries: (value: unknown) => Iterable<readonly [unknown, unknown]> | undefined
}

const containers: readonly ContainerKind[] = ['array', 'object']

/** The structure of the modules whose state a step uses. */
export class Structure {
  /** The outermost modules. */
  readonly roots: readonly object[]
  readonly #holders: Place['holder'][] = []
  readonly #keys: (string | number)[] = []
  readonly #values: unknown[] = []

  /** @param before outermost modules that the step has used before. */
  constructor(reads: Reads, before: readonly object[]) {
    const found = new Set(before)
    for (const storage of reads.storages) {
      const root = rootOf(storage)
      // Stryker disable next-line ConditionalExpression: undefined has no places
      if (root !== undefined) found.add(root)
    }
    this.roots = [...found].filter(root => {
      const places: Place[] = []
      // Stryker disable next-line BooleanLiteral: a root without used state has no places
      if (!collect(root, reads, places, new Set())) return false
      for (const { holder, key, value } of places) {
        this.#holders.push(holder)
        this.#keys.push(key)
        this.#values.push(value)
      }
      return true
    })
  }

  /** Whether every member is the one that was there. */
  holds(): boolean {
    const holders = this.#holders
    const keys = this.#keys
    const values = this.#values
    for (let i = 0; i < values.length; i++) if (holders[i][keys[i]] !== values[i]) return false
    return true
  }
}

/** Adds the places of modules and used tensors below `value`. @returns whether a used tensor is there. */
function collect(value: unknown, reads: Reads, places: Place[], within: Set<unknown>): boolean {
  if (value instanceof Tensor) return reads.storages.has(value.storage)
  const own = reads.entries(value)
  const entries = own ?? entriesOf(value, containers)
  if (entries === undefined || within.has(value)) return false
  within.add(value)
  const holder = value as Place['holder']
  let uses = false
  for (const [name, inner] of entries) {
    const before = places.length
    const isUsed = collect(inner, reads, places, within)
    uses ||= isUsed
    // Stryker disable next-line ConditionalExpression,EqualityOperator: as text a number names the same element
    const key = typeof name === 'number' ? name : String(name)
    const isMember = isUsed || places.length > before || reads.entries(inner) !== undefined
    if (isMember && Object.hasOwn(holder, key)) places.push({ holder, key, value: inner })
  }
  return uses
}
