// Special values among an op's own samples: each kind in a part of one float operand, and of all of them at once.

import { isFloat } from '../../lib/base/dtype.js'
import { Tensor } from '../../lib/index.js'
import type { OpEntry } from '../../lib/ops/machinery/registry.js'
import { Random, seedOf } from './random.js'
import { samplerFor } from './sampler.js'

/** What stands in for an element; ties repeat the operand's first element. */
const kinds: Readonly<Record<string, (first: number) => number>> = {
  '0': () => 0,
  '−0': () => -0,
  '∞': () => Number.POSITIVE_INFINITY,
  '−∞': () => Number.NEGATIVE_INFINITY,
  NaN: () => Number.NaN,
  ties: first => first,
}

const largest = 40
const most = 3

const floatsOf = (args: readonly unknown[]): Tensor[] =>
  args.flatMap(arg => {
    if (arg instanceof Tensor) return isFloat(arg.dtype) ? [arg] : []
    return Array.isArray(arg) ? floatsOf(arg) : []
  })

/** Every third element from the second on, and the only one of a scalar. */
function put(t: Tensor, value: (first: number) => number): void {
  const from = t.size === 1 ? 0 : 1
  t.data = Float64Array.from(t.data, (x, i) => (i % 3 === from ? value(t.data[0]) : x))
}

export interface Variant {
  readonly what: string
  readonly args: readonly unknown[]
}

/** The op's samples of at most 40 elements an operand (three of them), made anew, once for each kind and operand; empty ones once. */
export function* specialVariants(entry: OpEntry, dtype: 'float32' | 'float64'): Generator<Variant> {
  const fresh = (): (readonly unknown[])[] => [...entry.samples(samplerFor(new Random(seedOf(entry.name)), dtype))]
  let taken = 0
  for (const [i, sample] of fresh().entries()) {
    const floats = floatsOf(sample)
    const sizes = floats.map(({ size }) => size)
    if (Math.max(0, ...sizes) > largest) continue
    if (sizes.every(size => size === 0)) {
      yield { what: `sample ${i}`, args: sample }
      continue
    }
    if (++taken > most) continue
    const places = floats.length === 1 ? [0] : [...floats.keys(), -1]
    for (const [kind, value] of Object.entries(kinds)) {
      for (const place of places) {
        const args = fresh()[i]
        for (const [j, t] of floatsOf(args).entries()) if (place === j || place === -1) put(t, value)
        yield { what: `sample ${i}, ${kind} in ${place === -1 ? 'all operands' : `operand ${place}`}`, args }
      }
    }
  }
}
