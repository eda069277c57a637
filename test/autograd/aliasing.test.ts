// Aliasing of gradients: where ops hand one gradient to several inputs, each leaf still has a `.grad` of its own, so that a
// later backward, or a write to it, changes no other gradient, no value and not the gradient that backward was given.

import { describe, expect, test } from 'vitest'
import { compile, concat, defineOp, stack, Tensor, tensor } from '../../lib/index.js'
import { backendsUnderTest, onBackend } from '../support/backends.js'
import { expectClose } from '../support/close.js'
import { Random } from '../support/random.js'

/** What a graph makes of its leaves: the roots to walk back from, and the values whose gradients are retained. */
interface Made {
  readonly roots: readonly Tensor[]
  readonly retained?: readonly Tensor[]
}
type Graph = (a: Tensor, b: Tensor, c: Tensor) => Made

const from = (root: Tensor): Made => ({ roots: [root] })

/** Ops of the user's whose gradient for every input is one tensor: what they are given; the value of the first input. */
const both = defineOp({ name: 'both', forward: ([x, y]) => x.mul(1).add(y), vjp: g => [g, g] })
const halfSquare = defineOp({
  name: 'halfSquare',
  forward: ([x]) => x.mul(x).mul(0.5),
  vjp: (_, { inputs }) => [inputs[0].detach()],
})

/** Graphs of ops whose gradient is the very tensor they are given, or a view of it. */
const graphs: Readonly<Record<string, Graph>> = {
  'one gradient for both operands of add, made by mul': (a, b, c) => from(a.add(b).mul(c).sum()),
  'add alone': (a, b) => from(a.add(b)),
  sub: (a, b, c) => from(a.sub(b).sub(c).mul(c).sum()),
  'add after add': (a, b, c) => from(a.add(b).add(c).exp().sum()),
  'a leaf twice': (a, b) => from(a.add(a).add(b).mul(b).sum()),
  'a leaf that is the root': a => from(a),
  'sum alone': (a, b) => from(a.add(b).sum()),
  'sum along an axis': (a, b, c) => from(a.add(b).sum(0).mul(c.sum(0)).sum()),
  'reshape, each operand its own': (a, b, c) =>
    from(
      a
        .reshape([-1])
        .add(b.reshape([-1]))
        .mul(c.reshape([-1]))
        .sum(),
    ),
  'expand of both, without a new axis': (a, b, c) =>
    from(
      a
        .expand([2, 3])
        .add(b.expand([2, 3]))
        .mul(c)
        .sum(),
    ),
  'expand to another shape': (a, b, c) => from(a.expand([4, 2, 3]).add(b).mul(c).sum()),
  'unsqueeze, squeeze, flatten': (a, b, c) =>
    from(a.unsqueeze(0).squeeze(0).flatten().add(b.flatten()).mul(c.flatten())),
  'permute and transpose': (a, b, c) =>
    from(
      a
        .transpose()
        .add(b.permute([1, 0]))
        .mul(c.transpose())
        .sum(),
    ),
  'a conversion to the same dtype': (a, b, c) => from(a.to('float32').add(b.to('float32')).mul(c).sum()),
  clone: (a, b, c) => from(a.clone().add(b.clone()).mul(c).sum()),
  'stack and concat': (a, b, c) =>
    from(
      stack([a, a])
        .add(concat([b, b]).reshape([2, 2, 3]))
        .mul(c)
        .sum(),
    ),
  'split and slice': (a, b, c) =>
    from(
      a
        .split(1, 0)[0]
        .add(b.slice([0, 1], null))
        .mul(c.slice([1, 2], null))
        .sum(),
    ),
  "one gradient that a user's op returns twice": (a, b, c) => from(both([a, b]).mul(c).sum()),
  "a gradient that is a leaf's value": (a, b) => from(halfSquare([a]).add(b)),
  'a gradient that is a value used elsewhere': (a, b, c) => {
    const y = a.add(b).retainGrad()
    return { roots: [halfSquare([y]).add(c), y], retained: [y] }
  },
  'several roots over the same leaves': (a, b, c) => ({ roots: [a.add(b).mul(c).sum(), a.sub(c), b.add(c).exp()] }),
  'two roots that are one value': (a, b, c) => {
    const root = a.add(b).mul(c)
    return { roots: [root.add(0), root.add(0)] }
  },
  'a retained gradient of which both operands get the same': (a, b, c) => {
    const y = a.add(b).retainGrad()
    return { roots: [y.mul(c).sum()], retained: [y] }
  },
  'a retained root': (a, b) => {
    const y = a.add(b).retainGrad()
    return { roots: [y], retained: [y] }
  },
  'retained values one after the other': (a, b, c) => {
    const y = a.add(b).retainGrad()
    const z = y.reshape([3, 2]).retainGrad()
    const w = z.add(z.detach()).retainGrad()
    return { roots: [w.mul(c.reshape([3, 2])).sum()], retained: [y, z, w] }
  },
}

const passing: readonly ((pick: () => Tensor) => Tensor)[] = [
  pick => pick().add(pick()),
  pick => pick().sub(pick()),
  pick => pick().add(pick()).mul(pick().mul(0.5)),
  pick => pick().reshape([3, 2]).reshape([2, 3]),
  pick => pick().transpose().transpose(),
  pick => pick().unsqueeze(1).expand([2, 2, 3]).sum(1),
  pick => pick().sum(0, { keepdims: true }).add(pick()),
  pick => pick().sum().add(pick()),
  pick => pick().clone(),
]

/** A small graph of those ops, drawn from a seed. */
const drawn =
  (seed: number): Graph =>
  (...leaves) => {
    const random = new Random(seed)
    const values = [...leaves]
    const retained: Tensor[] = []
    const pick = (): Tensor => values[random.integer(values.length)]
    for (let count = 2 + random.integer(4); count > 0; count--) {
      const value = passing[random.integer(passing.length)](pick)
      values.push(value)
      if (random.next() < 0.3) retained.push(value.retainGrad())
    }
    return {
      roots: Array.from({ length: 1 + random.integer(3) }, () => values[values.length - 1 - random.integer(2)]),
      retained,
    }
  }

const all: readonly (readonly [string, Graph])[] = [
  ...Object.entries(graphs),
  ...Array.from({ length: 60 }, (_, seed) => [`drawn from seed ${seed}`, drawn(seed)] as const),
]

const makeLeaves = (): [Tensor, Tensor, Tensor] => [
  new Tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]),
  new Tensor([
    [-1, 0.5, 2],
    [1, -2, 0.25],
  ]),
  new Tensor([
    [2, 4, 6],
    [1, 3, 5],
  ]),
]

/** Whether two tensors have an element in common. */
function overlap({ data: a }: Tensor, { data: b }: Tensor): boolean {
  return (
    a.buffer === b.buffer && a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength
  )
}

const gradientsOf = (tensors: readonly Tensor[]): Tensor[] => [...new Set(tensors)].flatMap(({ grad }) => grad ?? [])

/** No two gradients have memory in common, nor one with anything of `others`; writing to one shows in it alone. */
function expectApart(gradients: readonly Tensor[], others: readonly Tensor[]): void {
  const rest = [...gradients, ...others]
  const pairs = gradients.flatMap((g, i) => rest.flatMap((other, j) => (j > i && overlap(g, other) ? [[i, j]] : [])))
  expect(pairs, 'pairs with memory in common').toEqual([])
  const before = rest.map(t => t.toArray())
  gradients.forEach((gradient, i) => {
    const kept = gradient.data.slice()
    gradient.data.fill(1000 + i)
    expect(
      rest.filter((t, j) => j !== i && JSON.stringify(t.toArray()) !== JSON.stringify(before[j])),
      `changed with ${i}`,
    ).toEqual([])
    gradient.data.set(kept)
  })
}

const numbers = (tensors: readonly Tensor[]): Float64Array[] => tensors.map(({ data }) => Float64Array.from(data))

function expectTwice(tensors: readonly Tensor[], once: readonly Float64Array[]): void {
  numbers(tensors).forEach((actual, i) => {
    const twice = once[i].map(x => 2 * x)
    expectClose(actual, twice, { relative: 1e-5, absolute: 1e-6 }, `gradient ${i} after the second backward`)
  })
}

/** A gradient for each root, of numbers that differ. */
const startsFor = (roots: readonly Tensor[]): Tensor[] =>
  roots.map(({ size, shape }) => tensor(Float32Array.from({ length: size }, (_, i) => i + 1)).reshape(shape))

const backward = (roots: readonly Tensor[], starts: readonly Tensor[]): void =>
  roots.forEach((root, i) => {
    root.backward(starts[i], { retainGraph: true })
  })

describe.each(backendsUnderTest)('on %s', backend => {
  test.each(all)('%s', (_, graph) => {
    onBackend(backend, () => {
      const leaves = makeLeaves()
      const { roots, retained = [] } = graph(...leaves)
      const starts = startsFor(roots)
      const others = [...new Set([...leaves, ...retained, ...starts, ...roots])]
      const given = numbers(starts)
      backward(roots, starts)
      const gradients = gradientsOf([...leaves, ...retained])
      expect(gradients.length).toBeGreaterThan(0)
      expectApart(gradients, others)
      const once = numbers(gradients)
      backward(roots, starts)
      expectTwice(gradients, once)
      expect(numbers(starts)).toEqual(given)
      expectApart(gradients, others)
    })
  })

  test.each(all)('%s, made anew for each backward, from ones', (_, graph) => {
    onBackend(backend, () => {
      const leaves = makeLeaves()
      const walk = (): void => backward(graph(...leaves).roots, [])
      walk()
      const gradients = gradientsOf(leaves)
      const once = numbers(gradients)
      walk()
      expect(gradientsOf(leaves)).toEqual(gradients)
      expectTwice(gradients, once)
      expectApart(gradients, leaves)
    })
  })

  test.each(all)('%s, compiled', (_, graph) => {
    onBackend(backend, () => {
      const leaves = makeLeaves()
      const starts = startsFor(graph(...leaves).roots)
      const given = numbers(starts)
      const step = compile((...gradients: Tensor[]) => {
        const { roots, retained = [] } = graph(...leaves)
        backward(roots, gradients)
        return gradientsOf(retained)
      })
      const kept = step.sync(...starts)
      const gradients = gradientsOf(leaves)
      expectApart([...gradients, ...kept], [...leaves, ...starts])
      const once = numbers(gradients)
      const again = step.sync(...starts)
      expectTwice(gradientsOf(leaves), once)
      expect(numbers(again)).toEqual(numbers(kept))
      expect(numbers(starts)).toEqual(given)
      expectApart([...gradientsOf(leaves), ...kept, ...again], [...leaves, ...starts])
    })
  })
})
