// A list of numbers (a shape, axes) as an argument: one array, or the numbers one after another, as in PyTorch.

export type ListArgument = readonly [list: readonly number[] | number, ...more: readonly number[]]

/** The list. What was given in place of one comes back as it is, for its op to refuse. */
export const listOf = (given: ListArgument): readonly number[] =>
  given.length === 1 && typeof given[0] !== 'number' ? (given[0] as readonly number[]) : (given as readonly number[])

/** The same, or nothing. */
export type OptionalList = readonly [list?: readonly number[] | number, ...more: readonly number[]]
