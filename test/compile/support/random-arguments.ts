// What the arguments of random calls are: elements that a kernel accepts, strides that reach each element once.

import type { Argument as Parameter } from '../../../lib/backend/signature.js'
import type { ElementType } from '../../../lib/compile/program.js'
import type { Random } from '../../support/random.js'

/** What the elements of an array are, by index. */
export type Fill = (random: Random, index: number) => number

/** Elements of any kind, few enough different ones that comparisons and ties happen. */
export function anything(dtype: ElementType): Fill {
  if (dtype === 'uint8') return random => random.integer(4)
  if (dtype === 'int32') return random => random.integer(21) - 10
  return random => (random.next() < 0.2 ? random.integer(5) - 2 : random.between(-2, 2))
}

/** What an argument must hold that not any number will do for. */
export function special(
  own: Random,
  { name, element }: Parameter,
  kind: string,
  reportsIndex: boolean,
  bound: number,
): Fill | undefined {
  if (element === 'int32' && kind === 'random') return random => random.integer(2 ** 31)
  if (element === 'int32') {
    const bad = reportsIndex && own.next() < 0.04
    return random => (bad && random.next() < 0.3 ? bound + random.integer(3) : random.integer(bound))
  }
  if (element === 'float64') return name === 'step' ? () => 3 : (_, i) => [0.1, 0.9, 0.5, 1e-8, 0.01, 1][i]
  return undefined
}

/** Pairs of count and stride that reach each element once at most. */
export function dims(random: Random): Int32Array {
  const pairs: number[] = []
  let stride = 1
  for (let axis = random.integer(3); axis >= 0; axis--) {
    const count = 1 + random.integer(4)
    pairs.unshift(count, stride)
    stride *= count + random.integer(2)
  }
  return Int32Array.from(pairs)
}

/** One or two outer axes: for each, its count and a stride for each operand. */
export function outerAxes(random: Random, operands: number): Int32Array {
  const axes = 1 + random.integer(2)
  return Int32Array.from(
    Array.from({ length: axes }, () => [
      1 + random.integer(3),
      ...Array.from({ length: operands }, () => random.integer(5)),
    ]).flat(),
  )
}
