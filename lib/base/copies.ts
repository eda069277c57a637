// Two copies of this package in one process: what one made is an object like any other to the other, and is marked so that
// messages can say it.

const mark: unique symbol = Symbol.for('blasgrad.copy') as never
const thisCopy: object = {}

/** Marks the instances of a class as made by this copy. */
export function markCopy(prototype: object): void {
  Object.defineProperty(prototype, mark, { value: thisCopy })
}

/** Whether another copy of this package made `value`. */
export function isOfAnotherCopy(value: object): boolean {
  const found: unknown = (value as { readonly [mark]?: unknown })[mark]
  return found !== undefined && found !== thisCopy
}
