// Which steps form parallel regions and task chains, and which do not, on programs written by hand.

import { describe, expect, test } from 'vitest'
import { Layout } from '../../../lib/base/layout.js'
import { dumpSteps } from '../../../lib/compile/dump.js'
import { propagateCopies } from '../../../lib/compile/passes/copy-propagation.js'
import { fuseElementwise } from '../../../lib/compile/passes/elementwise-fusion.js'
import { isRegion, type Region } from '../../../lib/compile/plan.js'
import type { Program, Reference } from '../../../lib/compile/program.js'
import { formRegions } from '../../../lib/compile/schedule/regions.js'
import { Builder } from '../support/builder.js'

const { full, row, scalar } = Layout

/** Each region as its chains' kernels. */
const regionsOf = (program: Program): string[][] =>
  formRegions(program, fuseElementwise(program))
    .filter(isRegion)
    .map(({ chains }: Region) =>
      chains.map(({ rows, steps }) => `${rows}: ${steps.map(work => ('kernel' in work ? work.kernel : 'group'))}`),
    )

function product(b: Builder, [m, n, k]: readonly number[], left: Reference, right: Reference): Reference {
  const out = b.made(m * n)
  b.call('matmul', false, false, m, n, k, 1, 1, full, full, full, left, right, out)
  return out
}

const hyper = (b: Builder): Reference => b.state(Float64Array.of(0.1, 0, 0, 0))
const weight = (b: Builder, length: number): Reference => b.state(new Float32Array(length))

describe('parallel regions', () => {
  test('products that need nothing of each other, whatever stands between', () => {
    const b = new Builder()
    const [x, y] = [b.argument(128 * 128), b.argument(128 * 128)]
    const one = product(b, [128, 128, 128], x, y)
    const small = b.made(1)
    b.call('sum', 1, 16, 1, x, small)
    const two = product(b, [128, 128, 128], y, x)
    expect(regionsOf(b.program(one, two, small))).toEqual([['1: matmul', '1: matmul']])
  })

  test('not what needs the other, nor what something between them needs first', () => {
    const b = new Builder()
    const x = b.argument(128 * 128)
    const one = product(b, [128, 128, 128], x, x)
    const total = b.made(1)
    b.call('sum', 1, 128 * 128, 1, one, total)
    const scaled = b.made(128 * 128)
    b.call('mul', 1, 128 * 128, full, scalar, x, total, scaled)
    expect(regionsOf(b.program(product(b, [128, 128, 128], scaled, x)))).toEqual([])
  })

  test('updates of any size are joined', () => {
    const b = new Builder()
    const settings = hyper(b)
    for (const length of [1000, 4, 7]) b.call('sgd', length, settings, b.argument(length), weight(b, length), null)
    expect(regionsOf(b.program())).toEqual([['1: sgd', '1: sgd', '1: sgd']])
  })

  test('an update waits for the readers of the weight', () => {
    const b = new Builder()
    const [x, g, w] = [b.argument(128 * 128), b.argument(128 * 128), weight(b, 128 * 128)]
    const settings = hyper(b)
    const y = product(b, [128, 128, 128], x, w)
    b.call('sgd', 128 * 128, settings, g, w, null)
    expect(regionsOf(b.program(y))).toEqual([])
  })

  test('state is not written beside what may end the run', () => {
    const b = new Builder()
    const [w, ids, out] = [weight(b, 4), b.argument(2, 'int32'), b.made(2)]
    const settings = hyper(b)
    b.call('take', 1, 4, 1, 2, b.argument(4), ids, out)
    b.call('sgd', 4, settings, b.argument(4), w, null)
    const steps = formRegions(b.program(out), fuseElementwise(b.program(out)))
    expect(steps.map(step => 'kernel' in step && step.kernel)).toEqual(['take', 'sgd'])
  })
})

describe('rows', () => {
  test('a gradient and its update are one chain, below the readers of the weight', () => {
    const b = new Builder()
    const [dy, x, w] = [b.argument(32 * 256), b.argument(32 * 512), weight(b, 256 * 512)]
    const settings = hyper(b)
    const gradient = b.made(256 * 512)
    b.call('matmul', true, false, 256, 512, 32, 1, 1, full, full, full, dy, x, gradient)
    const dx = product(b, [32, 512, 256], dy, w)
    b.call('sgd', 256 * 512, settings, gradient, w, null)
    const program = b.program(dx)
    expect(regionsOf(program)).toEqual([['256: matmul,sgd']])
    const text = dumpSteps(formRegions(program, fuseElementwise(program)))
    expect(text.indexOf('b=%2')).toBeLessThan(text.indexOf('parallel region'))
    expect(text).toContain('chain of 256 rows, chain-local %4')
  })

  test('a gradient that is also a result stays by itself', () => {
    const b = new Builder()
    const [dy, x, w] = [b.argument(32 * 256), b.argument(32 * 512), weight(b, 256 * 512)]
    const settings = hyper(b)
    const gradient = b.made(256 * 512)
    b.call('matmul', true, false, 256, 512, 32, 1, 1, full, full, full, dy, x, gradient)
    b.call('sgd', 256 * 512, settings, gradient, w, null)
    expect(regionsOf(b.program(gradient))).toEqual([])
  })

  test('what follows a product goes on with its rows where it has more rows than columns', () => {
    const follow = (m: number, n: number): string[][] => {
      const b = new Builder()
      const [x, w, bias] = [b.argument(m * 64), b.argument(64 * n), b.argument(n)]
      const before = product(b, [m, n, 64], x, w)
      const [sum, out] = [b.made(m * n), b.made(m * n)]
      b.call('add', m, n, full, row, before, bias, sum)
      b.call('relu', 1, m * n, full, sum, out)
      return regionsOf(b.program(out))
    }
    expect(follow(1024, 128)).toEqual([['1024: matmul,group']])
    expect(follow(128, 1024)).toEqual([])
  })

  test('not where it writes what the product reads', () => {
    const b = new Builder()
    const w = weight(b, 512 * 512)
    const next = product(b, [512, 512, 512], b.argument(512 * 512), w)
    b.call('neg', 1, 512 * 512, full, next, w)
    expect(regionsOf(b.program())).toEqual([])
  })

  test('a sum of all that passes ends a chain', () => {
    const b = new Builder()
    const x = b.argument(2 ** 20)
    const [square, once, loss] = [b.made(2 ** 20), b.made(2 ** 20), b.made(1)]
    b.call('mul', 1, 2 ** 20, full, full, x, x, square)
    b.call('relu', 1, 2 ** 20, full, square, once)
    b.call('sum', 1, 2 ** 20, 1, once, loss)
    expect(regionsOf(b.program(loss))).toEqual([[`${2 ** 20}: group,sum`]])
  })

  test('long streams pass from kernel to kernel; what others need too ends them', () => {
    const b = new Builder()
    const [x, g] = [b.argument(4096 * 100), b.argument(4096 * 100)]
    const [y, dx, total] = [b.made(4096 * 100), b.made(4096 * 100), b.made(100)]
    b.call('softmax', 4096, 100, 1, x, y)
    b.call('softmaxBackward', 4096, 100, 1, g, y, dx)
    b.call('sum', 1, 4096, 100, dx, total)
    expect(regionsOf(b.program(dx, total))).toEqual([['4096: softmax,softmaxBackward']])
  })
})

describe('copies', () => {
  const kernelsOf = (program: Program): string[] => propagateCopies(program).calls.map(({ kernel }) => kernel)

  test('of what stays as it is are left out, also as results', () => {
    const b = new Builder()
    const [x, copy, out] = [b.argument(4), b.made(4), b.made(4)]
    b.call('copy', 1, 4, full, x, copy)
    b.call('neg', 1, 4, full, copy, out)
    const { calls, results } = propagateCopies(b.program(out, copy))
    expect(dumpSteps(calls)).toBe('%2 = neg rows=1 cols=4 a=%0')
    expect(results).toEqual([2, 0])
  })

  test('of what changes later stay, and those that repeat, that go to state, or that are changed', () => {
    const b = new Builder()
    const [x, s, t] = [b.argument(4), weight(b, 4), weight(b, 4)]
    const [before, spread, changed] = [b.made(4), b.made(8), b.made(4)]
    b.call('copy', 1, 4, full, s, before)
    b.call('neg', 1, 4, full, x, s)
    b.call('copy', 2, 4, row, x, spread)
    b.call('copy', 1, 4, full, x, t)
    b.call('copy', 1, 4, full, x, changed)
    b.call('stridedWrite', 0, Int32Array.of(2, 1), s, changed)
    const kept = ['copy', 'neg', 'copy', 'copy', 'copy', 'stridedWrite']
    expect(kernelsOf(b.program(before, spread, changed))).toEqual(kept)
  })
})
