// The passes together, on a training step written by hand, and what is told of it.

import { expect, test } from 'vitest'
import { ArgumentError } from '../../lib/base/errors.js'
import { explain, separateBytes } from '../../lib/compile/explain.js'
import { isGroup } from '../../lib/compile/plan.js'
import { makePlan } from '../../lib/compile/planner.js'
import { Builder } from './support/builder.js'
import { classifierStep } from './support/classifier.js'

test('a training step: dead work goes, products and chains join, memory is shared', () => {
  const program = classifierStep(32)
  const planned = makePlan(program, { fusion: true })
  expect(program.calls).toHaveLength(22)
  expect(planned.program.calls).toHaveLength(17)
  expect(planned.steps).toHaveLength(12)
  expect(planned.steps.filter(isGroup).map(({ members }) => members.length)).toEqual([2])
  expect(separateBytes(program.values)).toBe(694_400)
  // The batch, the largest gradient beside it, and the small ones that are not used up by then.
  expect(planned.arenaBytes).toBeLessThan(4 * (32 * 784 + 128 * 784 + 32 * 128 + 10 * 128 + 256))
})

test('without fusion the steps are the calls that are left', () => {
  const planned = makePlan(classifierStep(8), { fusion: false })
  expect(planned.steps).toEqual(planned.program.calls)
})

test('a program that breaks a rule is not planned', () => {
  const b = new Builder()
  b.call('exp', 1, 4, 0, b.argument(3), b.made(4))
  expect(() => makePlan(b.program(), { fusion: true })).toThrow(ArgumentError)
})

test('explain tells the program before and after, constants, buffers, kernels and bytes', () => {
  const program = classifierStep(32)
  const planned = makePlan(program, { fusion: true })
  const text = explain(program, planned)
  const sections = Object.fromEntries(text.split('\n\n').map(section => section.split(/^# (.*)\n/m).slice(1)))
  expect(Object.keys(sections)).toEqual(['recorded', 'planned', 'constants', 'buffers', 'kernels', 'bytes'])
  expect(sections.recorded.split('\n').filter((line: string) => / = |!/.test(line))).toHaveLength(22)
  expect(sections.planned).toContain(
    '0: %13 = matmulEpilogue transposeB m=32 n=128 k=784 relu a=%0 b=%2 bias=%3 reluMask=none\n1: %15 = matmulEpilogue',
  )
  expect(sections.constants).toBe('%23 float32 1 constant [32]\n%24 float32 1 constant [1]')
  expect(sections.buffers.split('\n')).toHaveLength(planned.offsets.filter(offset => offset !== -1).length)
  expect(sections.kernels).toBe(
    [
      'recorded: 22 kernels',
      'SSA conversion: 22 kernels',
      'dead-code elimination: 21 kernels',
      'common-subexpression elimination: 21 kernels',
      'copy propagation: 21 kernels',
      'row-sparse updates: 21 kernels',
      'epilogue fusion: 17 kernels',
      'fused: 16 steps, 2 kernels of them in 1 groups',
      'scheduled: 12 steps, 1 of them parallel regions',
    ].join('\n'),
  )
  expect(sections.bytes).toBe(`each value apart: 694400\narena: ${planned.arenaBytes}`)
})
