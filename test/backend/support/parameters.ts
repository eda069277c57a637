// The sizes, flags, layouts and scalars that a kernel is tried with, made from its signature.

import type { Argument, Role } from '../../../lib/backend/signature.js'
import type { Domain } from './domains.js'

export type Parameters = Readonly<Record<string, unknown>>

const grids = [
  [0, 3],
  [3, 0],
  [1, 1],
  [1, 17],
  [9, 1],
  [5, 7],
  [3, 67],
  [2, 1029],
  [131, 3],
]
/** Longer than what one thread is given. */
const long = [1, 70001]
const sizes = [1, 2, 3, 4, 7, 8, 16, 17, 31, 64, 65, 130, 257]
const mostElements = 40000

/** All combinations of one value from each list. */
function* combinations<T>(lists: readonly (readonly T[])[]): Generator<T[]> {
  if (lists.length === 0) {
    yield []
    return
  }
  for (const rest of combinations(lists.slice(1))) for (const first of lists[0]) yield [first, ...rest]
}

const namesOf = (args: readonly Argument[], role: Role): string[] =>
  args.filter(argument => argument.role === role).map(({ name }) => name)
const assign = (names: readonly string[], values: readonly unknown[]): Parameters =>
  Object.fromEntries(names.map((name, i) => [name, values[i]]))

/** Sizes: all 1, each 0 in turn, each long in turn, and a dozen of mixed ones. */
function* sizeSets(names: readonly string[], random: () => number): Generator<number[]> {
  yield names.map((_, i) => [3, 5, 4, 2, 3][i % 5])
  yield names.map(() => 1)
  for (let zero = 0; zero < names.length; zero++) yield names.map((_, i) => (i === zero ? 0 : 3))
  for (let large = 0; large < names.length; large++) yield names.map((_, i) => (i === large ? 1031 : 2))
  if (names.length === 1) yield [long[1]]
  for (let left = 12; left > 0; ) {
    const set = names.map(() => sizes[Math.floor(random() * sizes.length)])
    // Of few sizes most sets are small enough; of many hardly any.
    const isLarge = (): boolean => set.reduce((product, size) => product * size, 1) > mostElements
    if (names.length <= 6 && isLarge()) continue
    while (isLarge()) set[set.indexOf(Math.max(...set))] = Math.ceil(Math.max(...set) / 2)
    left--
    yield set
  }
}

function* elementwiseGrids(layouts: readonly string[], random: () => number): Generator<Parameters> {
  for (const combination of combinations(layouts.map(() => [0, 1, 2, 3]))) {
    const at = assign(layouts, combination)
    for (const [rows, cols] of grids) yield { ...at, rows, cols }
    for (const counts of [[3], [2, 3], [1, 2, 3, 2], [2, 0]]) {
      const outer = counts.flatMap(count => [count, ...layouts.map(() => Math.floor(random() * 8))])
      yield { ...at, rows: 2, cols: 5, outer: Int32Array.from(outer) }
    }
  }
  yield {
    ...assign(
      layouts,
      layouts.map(() => 0),
    ),
    rows: long[0],
    cols: long[1],
  }
}

function* otherSizes(args: readonly Argument[], random: () => number): Generator<Parameters> {
  const names = namesOf(args, 'size')
  const choices = [...namesOf(args, 'flag'), ...namesOf(args, 'layout')]
  const lists: (readonly unknown[])[] = choices.map(name =>
    args.some(argument => argument.name === name && argument.role === 'flag') ? [false, true] : [0, 1, 2, 3],
  )
  let first = true
  for (const set of sizeSets(names, random)) {
    const some = lists.map(list => list[Math.floor(random() * list.length)])
    for (const choice of first ? combinations(lists) : [some]) {
      yield { ...assign(names, set), ...assign(choices, choice) }
    }
    first = false
  }
}

/** Every setting of the parameters that a kernel is tried with. */
export function* parametersOf(
  args: readonly Argument[],
  elementwise: boolean,
  domain: Domain,
  random: () => number,
): Generator<Parameters> {
  const scalars = namesOf(args, 'scalar')
  const base = elementwise ? elementwiseGrids(namesOf(args, 'layout'), random) : otherSizes(args, random)
  let turn = 0
  for (const parameters of base) {
    const made: Record<string, unknown> = { ...parameters }
    for (const name of namesOf(args, 'size')) {
      const size = Number(made[name])
      made[name] = Math.max(domain.atLeast?.[name] ?? 0, Math.min(domain.most?.[name] ?? size, size))
    }
    for (const name of scalars) {
      const values = domain.scalars?.[name]
      if (values === undefined) throw new Error(`no values for the scalar ${name}: add them to domains.ts`)
      made[name] = values[turn % values.length]
    }
    for (const name of namesOf(args, 'sizes')) {
      if (domain.dims === undefined) throw new Error(`no values for ${name}: add them to domains.ts`)
      made[name] = Int32Array.from(domain.dims[turn % domain.dims.length])
    }
    turn++
    yield made
  }
}
