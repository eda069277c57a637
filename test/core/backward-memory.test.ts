// What a backward frees is nobody's: no kept tensor shares memory with another or changes, and the allocator is bounded.
// BLASGRAD_CHECK=1 fills what is given back with NaN, so that a kernel that leaves a gap in it is caught.

import { describe, expect, test, vi } from 'vitest'

vi.hoisted(() => {
  process.env.BLASGRAD_CHECK = '1'
})

import { CachingAllocator, cachingAllocator } from '../../lib/core/caching-allocator.js'
import { defineOp, enableGrad, grad, nn, noGrad, optim, randn, Tensor, tensor } from '../../lib/index.js'
import { backendsUnderTest, onBackend } from '../support/backends.js'
import { expectClose } from '../support/close.js'
import { scalarise } from '../support/gradcheck.js'
import { drawProgram } from '../support/programs.js'
import { Random } from '../support/random.js'

const values = (n: number, from = 0): Float32Array => Float32Array.from({ length: n }, (_, i) => Math.sin(i + from))
const leaf = (n: number, from = 0): Tensor => new Tensor(values(n, from))
/** Backwards that use whatever is in the allocator. */
const disturb = (n = 64): void => {
  const x = leaf(n, 7)
  for (let i = 0; i < 5; i++) {
    x.zeroGrad()
    x.tanh().mul(x).exp().mul(3).tanh().sum().backward()
  }
}

describe.each(backendsUnderTest)('random graphs on %s', backend => {
  test('everything kept stays as it was, and gradients are those of walks that free nothing', () => {
    onBackend(backend, () => {
      for (let seed = 0; seed < 150; seed++) {
        const random = new Random(seed)
        const program = drawProgram(random)
        const weigh = scalarise([noGrad(() => program.run()).at(-1) as Tensor], random)
        const total = (all: readonly Tensor[]): Tensor => weigh([all[all.length - 1]])
        const unfreed = grad(total(program.run()), program.leaves, { createGraph: true, allowUnused: true })
        const kept: [Tensor, ArrayLike<number>][] = []
        for (let round = 0; round < 3; round++) {
          const all = program.run()
          for (const value of all.slice(program.leaves.length)) if (random.next() < 0.3) value.retainGrad()
          const loss = total(all)
          const asValues = grad(loss, program.leaves, { retainGraph: true, allowUnused: true }) as (Tensor | null)[]
          loss.backward()
          program.leaves.forEach((x, i) => {
            const expected = unfreed[i]?.data ?? new Float64Array(x.size)
            for (const got of [x.grad, asValues[i]]) {
              if (got !== null) {
                expectClose(got.data, expected, { relative: 1e-9, absolute: 1e-11 }, `seed ${seed}, leaf ${i}`)
              }
            }
          })
          const seen = [...all, ...all.map(value => value.grad), ...asValues].filter(value => value !== null)
          for (const value of new Set(seen)) kept.push([value, value.data.slice()])
          for (const x of program.leaves) x.zeroGrad()
        }
        const holders = new Map(kept.map(([{ storage }]) => [storage.array.buffer, storage]))
        for (const [{ storage }] of kept) expect(holders.get(storage.array.buffer)).toBe(storage)
        for (const [value, before] of kept) expect(value.data).toEqual(before)
      }
    })
  })
})

test('a gradient that was read is not reused, one that nobody read is', () => {
  const x = leaf(1000)
  x.mul(x).sum().backward()
  const read = x.grad as Tensor
  const before = read.data.slice()
  x.zeroGrad()
  disturb(1000)
  expect(read.data).toEqual(before)
  expect(read.toArray()).toEqual(Array.from(before))

  // A size that nothing else here has.
  const y = leaf(12_345)
  y.mul(y).sum().backward()
  const held = cachingAllocator().bytes
  y.zeroGrad()
  expect(cachingAllocator().bytes).toBe(held + 4 * 12_345)
})

test('an optimizer reads gradients without keeping them from being reused', () => {
  const x = leaf(23_456)
  const optimizer = new optim.Adam([x])
  x.mul(x).sum().backward()
  optimizer.step()
  const held = cachingAllocator().bytes
  optimizer.zeroGrad()
  expect(cachingAllocator().bytes).toBe(held + 4 * 23_456)
})

test('a user op may keep what it is given and what it returns', () => {
  const kept: Tensor[] = []
  const op = defineOp({
    name: 'keeping',
    forward: ([x]) => x.mul(2),
    vjp: g => {
      const result = g.mul(2)
      kept.push(g, result, g.reshape([8, 8]), g.detach())
      return [result]
    },
  })
  const x = leaf(64)
  op([op([x.tanh()]).tanh()])
    .mul(x)
    .sum()
    .backward()
  const before = kept.map(({ data }) => data.slice())
  x.zeroGrad()
  disturb()
  kept.forEach((tensor, i) => {
    expect(tensor.data).toEqual(before[i])
  })
})

test('a user op may forget a gradient that still waits elsewhere, and walk a graph of its own', () => {
  const x = leaf(64)
  const op = defineOp({
    name: 'meddling',
    forward: ([a]) => a.mul(1),
    vjp: g => {
      x.zeroGrad()
      enableGrad(disturb)
      return [g]
    },
  })
  const y = leaf(64, 3)
  // x, walked first as the second operand, gets the very gradient that waits for the op.
  op([y])
    .add(x)
    .mul(tensor(values(64, 9)))
    .sum()
    .backward()
  expect(x.grad).toBe(null)
  // What was forgotten is what y was still to get.
  expect(y.grad?.data).toEqual(values(64, 9))
})

test('nor does a gradient that it forgets go where a third value still waits for it', () => {
  const [x, y, z] = [leaf(64), leaf(64, 3), leaf(64, 5)]
  const op = defineOp({
    name: 'forgetting',
    forward: ([a]) => a.mul(1),
    vjp: g => {
      x.zeroGrad()
      return [g]
    },
  })
  // Walked in this order: x, the op (with a gradient of its own), and what waits for the gradient that x got.
  const weights = tensor(values(64, 9))
  y.mul(1)
    .add(op([z]).mul(2).add(x))
    .mul(weights)
    .sum()
    .backward()
  expect(x.grad).toBe(null)
  expect(y.grad?.data).toEqual(weights.data)
})

test('an error in the middle of a walk leaves the next one right', () => {
  const fail = defineOp({
    name: 'failing',
    forward: ([a]) => a.mul(1),
    vjp: () => {
      throw new Error('no gradient')
    },
  })
  const x = leaf(64)
  const y = leaf(64, 5)
  const z = fail([y.mul(2)]).add(x.mul(3))
  expect(() => z.tanh().sum().backward()).toThrow('no gradient')
  x.zeroGrad()
  y.zeroGrad()
  disturb()
  x.mul(y).sum().backward()
  expect(x.grad?.data).toEqual(y.data)
  expect(y.grad?.data).toEqual(x.data)
})

test('createGraph notes gradients, which keep what they read', () => {
  const x = leaf(64)
  const [first] = grad(x.tanh().mul(x).sum(), [x], { createGraph: true })
  disturb()
  const [again] = grad(x.tanh().mul(x).sum(), [x], { createGraph: true })
  const second = grad(first.sum(), x)
  disturb()
  expect(second.data).toEqual(grad(again.sum(), x).data)
})

test('gradients add up over walks without zeroGrad, and retainGraph walks again', () => {
  const x = leaf(64)
  const loss = x.mul(3).tanh().sum()
  loss.backward(null, { retainGraph: true })
  const once = (x.grad as Tensor).data.slice()
  disturb()
  loss.backward()
  expect(x.grad?.data).toEqual(once.map(value => 2 * value))
})

test('a tensor of the walk that is used too late has no elements, rather than another’s', () => {
  const x = leaf(64)
  x.tanh().sum().backward()
  const lost = Tensor.gradOf(x) as Tensor
  x.zeroGrad()
  expect(() => lost.data).toThrow('whose buffer was transferred elsewhere')
  expect(() => lost.add(1)).toThrow()
})

test('the caching allocator is bounded, and what was longest unused goes first', () => {
  const allocator = new CachingAllocator()
  const mb = 2 ** 20
  for (let i = 1; i <= 40; i++) allocator.free(new Uint8Array(mb + i))
  expect(allocator.bytes).toBeLessThanOrEqual(32 * mb)
  expect(allocator.take(Uint8Array, mb + 1)).toBe(undefined)
  expect(allocator.take(Uint8Array, mb + 40)?.length).toBe(mb + 40)
  allocator.free(new Uint8Array(33 * mb))
  expect(allocator.take(Uint8Array, 33 * mb)).toBe(undefined)
  allocator.fitTo(64 * mb)
  allocator.free(new Uint8Array(40 * mb))
  expect(allocator.bytes).toBeGreaterThan(40 * mb)
  allocator.fitTo(0)
  expect(allocator.bytes).toBeLessThanOrEqual(32 * mb)
})

test('memory of one dtype serves another of as many bytes, filled with NaN before', () => {
  const allocator = new CachingAllocator()
  allocator.free(new Float64Array(50))
  const array = allocator.take(Float32Array, 100)
  expect(array).toBeInstanceOf(Float32Array)
  expect(array).toEqual(new Float32Array(100).fill(Number.NaN))
})

test('layers, with what they sum and repeat, on memory full of NaN', () => {
  const model = new nn.Sequential(new nn.Linear(20, 40), new nn.LayerNorm(40), new nn.GELU(), new nn.Linear(40, 20))
  const x = randn([6, 20])
  const run = (): Float32Array[] => {
    const loss = model.forward(x).softmax().pow(2).sum()
    loss.backward()
    const got = [...model.parameters()].map(p => (Tensor.gradOf(p) as Tensor).toArray() as unknown as Float32Array)
    for (const p of model.parameters()) p.zeroGrad()
    return got
  }
  const first = run()
  for (let i = 0; i < 5; i++) expect(run()).toEqual(first)
})
