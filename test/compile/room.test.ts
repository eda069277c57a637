// Fused groups fit what the native executor has room for, however many operands the calls have.

import { describe, expect, test } from 'vitest'
import type { NumberArray } from '../../lib/base/dtype.js'
import { Layout } from '../../lib/base/layout.js'
import { makeNativeExecutor } from '../../lib/compile/native-executor.js'
import { isGroup } from '../../lib/compile/plan.js'
import { makePlan } from '../../lib/compile/planner.js'
import type { Program } from '../../lib/compile/program.js'
import { compile, nn, optim, randn, setBackend, type Tensor } from '../../lib/index.js'
import { backendsUnderTest } from '../support/backends.js'
import { Builder } from './support/builder.js'

const { full, scalar, row } = Layout

/** Runs it natively; gives how many members its groups have. */
function run(program: Program, args: readonly NumberArray[], results: readonly NumberArray[]): number[] {
  const planned = makePlan(program, { fusion: true })
  expect(makeNativeExecutor(planned).run(args, results)).toBeNull()
  return planned.steps.filter(isGroup).map(({ members }) => members.length)
}

describe.runIf(backendsUnderTest.includes('native'))('natively', () => {
  test('the counters of many updates', () => {
    const b = new Builder()
    const arrays = Array.from({ length: 150 }, (_, i) => Float64Array.of(i))
    const one = b.constant(Float64Array.of(1))
    for (const array of arrays) {
      const count = b.state(array)
      b.call('add', 1, 1, full, full, count, one, count)
    }
    const groups = run(b.program(), [], [])
    expect(Math.max(...groups)).toBeGreaterThan(40)
    expect(arrays.map(([count]) => count)).toEqual(arrays.map((_, i) => i + 1))
  })

  test.each([
    ['rows', row],
    ['numbers', scalar],
  ] as const)('many operands that are spread out over a tile: %s', (_, layout) => {
    const b = new Builder()
    let sum = b.argument(20 * 30)
    for (let i = 0; i < 60; i++) {
      const operand = b.constant(new Float32Array(layout === row ? 30 : 1).fill(1))
      const next = b.made(20 * 30)
      b.call('add', 20, 30, full, layout, sum, operand, next)
      sum = next
    }
    const result = new Float32Array(20 * 30)
    expect(run(b.program(sum), [new Float32Array(20 * 30)], [result]).length).toBeGreaterThan(1)
    expect([...new Set(result)]).toEqual([60])
  })

  test('a deep network with as many updates', () => {
    setBackend('native')
    const layers = Array.from({ length: 40 }, () => [new nn.Linear(4, 4), new nn.LayerNorm(4)]).flat()
    const model = new nn.Sequential(...layers)
    const optimizer = new optim.Adam(model.parameters())
    const step = compile((x: Tensor) => {
      optimizer.zeroGrad()
      const loss = model.forward(x).pow(2).mean()
      loss.backward()
      optimizer.step()
      return loss
    })
    const x = randn([3, 4])
    const first = step.sync(x).item()
    for (let i = 0; i < 20; i++) step.sync(x)
    expect(step.sync(x).item()).toBeLessThan(first)
  })
})
