// Which products get an epilogue, on small programs written by hand, and that the numbers stay the same.

import { describe, expect, test } from 'vitest'
import { Layout } from '../../../lib/base/layout.js'
import { dumpSteps } from '../../../lib/compile/dump.js'
import { interpret } from '../../../lib/compile/interpreter.js'
import { makeNativeExecutor } from '../../../lib/compile/native-executor.js'
import { fuseEpilogues } from '../../../lib/compile/passes/epilogue-fusion.js'
import { makePlan } from '../../../lib/compile/planner.js'
import type { Program, Reference } from '../../../lib/compile/program.js'
import { verifyProgram } from '../../../lib/compile/verify/program.js'
import { Random } from '../../support/random.js'
import { Builder } from '../support/builder.js'
import { difference, runPlan } from '../support/run.js'

const { full, scalar, row, column } = Layout
const referenceOnly = process.env.BLASGRAD_BACKEND === 'reference'

/** out [m, n] = a [m, k]·b [k, n]. */
function multiply(b: Builder, [m, n, k]: readonly number[], left: Reference, right: Reference): Reference {
  const out = b.made(m * n)
  b.call('matmul', false, false, m, n, k, 1, 1, full, full, full, left, right, out)
  return out
}

/** A product [3, 4], and what `follow` makes of it. */
function program(follow: (b: Builder, product: Reference, bias: Reference) => Reference[]): Program {
  const b = new Builder()
  const [left, right, bias] = [b.argument(15), b.argument(20), b.argument(4)]
  return b.program(...follow(b, multiply(b, [3, 4, 5], left, right), bias))
}

const planned = (program: Program): string => {
  const ended = fuseEpilogues(program)
  verifyProgram(ended)
  return dumpSteps(ended.calls)
}

/** A value that `call` makes. */
const made = (b: Builder, length: number, call: (out: Reference) => void): Reference => {
  const out = b.made(length)
  call(out)
  return out
}
const add = (b: Builder, x: Reference, y: Reference, layout: Layout = row): Reference =>
  made(b, 12, out => b.call('add', 3, 4, full, layout, x, y, out))
const relu = (b: Builder, x: Reference): Reference => made(b, 12, out => b.call('relu', 1, 12, full, x, out))
const mask = (b: Builder, x: Reference, y: Reference): Reference =>
  made(b, 12, out => b.call('reluBackward', 3, 4, full, full, x, y, out))

describe('a product ends with', () => {
  test('a bias, ReLU, both, ReLU’s backward', () => {
    const start = 'matmulEpilogue m=3 n=4 k=5'
    expect(planned(program((b, x, bias) => [add(b, x, bias)]))).toBe(`%4 = ${start} a=%0 b=%1 bias=%2 reluMask=none`)
    expect(planned(program((b, x) => [relu(b, x)]))).toBe(`%4 = ${start} relu a=%0 b=%1 bias=none reluMask=none`)
    expect(planned(program((b, x, bias) => [relu(b, add(b, x, bias))]))).toBe(
      `%5 = ${start} relu a=%0 b=%1 bias=%2 reluMask=none`,
    )
    expect(planned(program((b, x) => [mask(b, x, b.argument(12))]))).toBe(
      `%5 = ${start} a=%0 b=%1 bias=none reluMask=%4`,
    )
  })

  test('as much as nobody else reads', () => {
    const steps = planned(
      program((b, x, bias) => {
        const sum = add(b, x, bias)
        return [relu(b, sum), sum]
      }),
    )
    expect(steps).toBe(
      ['%4 = matmulEpilogue m=3 n=4 k=5 a=%0 b=%1 bias=%2 reluMask=none', '%5 = relu rows=1 cols=12 a=%4'].join('\n'),
    )
  })
})

describe('a product stays where', () => {
  const stays = (follow: Parameters<typeof program>[0]): void => {
    const before = program(follow)
    expect(planned(before)).toBe(dumpSteps(before.calls))
  }

  test('it is read twice, or a result', () => {
    stays((b, x, bias) => [add(b, x, bias), relu(b, x)])
    stays((b, x, bias) => [add(b, x, bias), x])
    stays((b, x) => [add(b, x, x, full)])
  })

  test('what is added is no row', () => {
    stays((b, x) => [add(b, x, b.argument(12), full)])
    stays((b, x) => [add(b, x, b.argument(3), column)])
    stays((b, x) => [add(b, x, b.argument(1), scalar)])
  })

  test('it is what is added, or the mask', () => {
    stays((b, x) => [made(b, 12, out => b.call('add', 3, 4, full, full, b.argument(12), x, out))])
    stays((b, x) => [mask(b, b.argument(12), x)])
  })

  test('the grid is another', () => {
    stays((b, x) => [made(b, 12, out => b.call('add', 2, 6, full, row, x, b.argument(6), out))])
    stays((b, x) => [made(b, 6, out => b.call('relu', 1, 6, full, x, out))])
  })

  test('what is read changes before', () => {
    const b = new Builder()
    const [left, bias] = [b.state(new Float32Array(15).fill(1)), b.argument(4)]
    const product = multiply(b, [3, 4, 5], left, b.argument(20))
    b.call('fill', 15, 2, left)
    const before = b.program(add(b, product, bias))
    expect(planned(before)).toBe(dumpSteps(before.calls))
  })

  test('it is one of many', () => {
    const b = new Builder()
    const product = b.made(24)
    b.call('matmul', false, false, 3, 4, 5, 2, 1, full, full, full, b.argument(30), b.argument(40), product)
    const before = b.program(made(b, 24, out => b.call('relu', 1, 24, full, product, out)))
    expect(planned(before)).toBe(dumpSteps(before.calls))
  })
})

test('a bias that changes before the product, and not after, is as it was then', () => {
  const b = new Builder()
  const bias = b.state(new Float32Array(4))
  b.call('fill', 4, 2, bias)
  const product = multiply(b, [3, 4, 5], b.argument(15), b.argument(20))
  expect(planned(b.program(add(b, product, bias)))).toContain('matmulEpilogue')
})

describe.skipIf(referenceOnly)('the numbers are to the bit those of the calls', () => {
  const extents = [1, 2, 5, 10, 16, 17, 33, 100]
  test.each(['float32', 'float64'] as const)('%s', dtype => {
    const random = new Random(9)
    const drawn = (length: number) => {
      const made = Array.from({ length }, () => (random.next() < 0.05 ? Number.NaN : random.normal()))
      return dtype === 'float32' ? Float32Array.from(made) : Float64Array.from(made)
    }
    for (const m of extents) {
      for (const n of extents) {
        const k = extents[random.integer(extents.length)]
        const b = new Builder()
        const lengths = [m * k, n * k, n, m * n]
        const [x, weight, bias, y] = lengths.map(length => b.argument(length, dtype))
        const [product, sum, activated, back, masked] = [0, 0, 0, 0, 0].map(() => b.made(m * n, dtype))
        b.call('matmul', false, true, m, n, k, 1, 1, full, full, full, x, weight, product)
        b.call('add', m, n, full, row, product, bias, sum)
        b.call('relu', 1, m * n, full, sum, activated)
        b.call('matmul', true, false, m, n, k, 1, 1, full, full, full, x, weight, back)
        b.call('reluBackward', 1, m * n, full, full, back, y, masked)
        const runs = [lengths.map(drawn)]
        const before = b.program(activated, masked)
        for (const make of [makeNativeExecutor, interpret]) {
          const [expected, actual] = [false, true].map(fusion => runPlan(makePlan(before, { fusion }), make, runs))
          const found = difference(actual, expected)
          if (found !== undefined) throw new Error(`${m} × ${n} × ${k}: ${found}`)
        }
      }
    }
  })
})
