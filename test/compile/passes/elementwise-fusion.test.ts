// Which elementwise calls become groups, and which must not.

import { describe, expect, test } from 'vitest'
import { Layout } from '../../../lib/base/layout.js'
import { dumpSteps } from '../../../lib/compile/dump.js'
import { fuseElementwise } from '../../../lib/compile/passes/elementwise-fusion.js'
import { isGroup } from '../../../lib/compile/plan.js'
import type { Program } from '../../../lib/compile/program.js'
import { Builder } from '../support/builder.js'

const { full, scalar, row, column } = Layout
const fused = (program: Program): string => dumpSteps(fuseElementwise(program))
const lines = (...text: string[]): string => text.join('\n')

describe('joined', () => {
  test('a chain over a grid and over the same points in one row; what only it reads stays in tiles', () => {
    const b = new Builder()
    const [x, bias, a, c, d] = [b.argument(6), b.argument(3), b.made(6), b.made(6), b.made(6)]
    b.call('add', 2, 3, full, row, x, bias, a)
    b.call('relu', 1, 6, full, a, c)
    b.call('leakyRelu', 1, 6, full, 0.5, c, d)
    expect(fused(b.program(c, d))).toBe(
      lines('group rows=2 cols=3', ' .0 = add %0 %1:row', ' .1 %3 = relu .0', ' .2 %4 = leakyRelu 0.5 .1'),
    )
  })

  test('calls that are not neighbours: what lies between moves up or down', () => {
    const b = new Builder()
    const [x, a, total, s, d] = [b.argument(6), b.made(6), b.made(1), b.made(1), b.made(6)]
    b.call('exp', 1, 6, full, x, a)
    b.call('sum', 1, 6, 1, a, total)
    b.call('sum', 1, 6, 1, x, s)
    b.call('mul', 1, 6, full, scalar, a, s, d)
    expect(fused(b.program(total, d))).toBe(
      lines(
        '%3 = sum outer=1 n=6 inner=1 a=%0',
        'group rows=1 cols=6',
        ' .0 %1 = exp %0',
        ' .1 %4 = mul .0 %3:scalar',
        '%2 = sum outer=1 n=6 inner=1 a=%1',
      ),
    )
  })

  test('two groups through a call that reads both', () => {
    const b = new Builder()
    const [x, y, a, c, d] = [b.argument(6), b.argument(6), b.made(6), b.made(6), b.made(6)]
    b.call('exp', 1, 6, full, x, a)
    b.call('sin', 1, 6, full, y, c)
    b.call('add', 1, 6, full, full, a, c, d)
    expect(fused(b.program(d))).toBe(lines('group rows=1 cols=6', ' .0 = exp %0', ' .1 = sin %1', ' .2 %4 = add .0 .1'))
  })

  test('masks and other element types, each member with its own', () => {
    const b = new Builder()
    const [x, mask, ids, other] = [b.argument(6), b.made(6, 'uint8'), b.argument(6, 'int32'), b.made(6, 'uint8')]
    const out = b.made(6)
    b.call('greater', 1, 6, full, scalar, x, b.constant(Float32Array.of(0)), mask)
    b.call('equal', 1, 6, full, full, ids, ids, other)
    b.call('maximum', 1, 6, full, full, mask, other, mask)
    b.call('where', 1, 6, full, full, scalar, mask, x, b.constant(Float32Array.of(1)), out)
    const [group] = fuseElementwise(b.program(out))
    expect(isGroup(group) && group.members.map(({ dtype, out }) => [dtype, out])).toEqual([
      ['float32', null],
      ['int32', null],
      ['uint8', null],
      ['float32', 4],
    ])
  })

  test('state updated in place: only its last value is stored', () => {
    const b = new Builder()
    const [x, s] = [b.argument(6), b.state(new Float32Array(6))]
    b.call('mul', 1, 6, full, scalar, s, b.constant(Float32Array.of(0.9)), s)
    b.call('add', 1, 6, full, full, s, x, s)
    expect(fused(b.program())).toBe(lines('group rows=1 cols=6', ' .0 = mul %1 %2:scalar', ' .1 %1 = add .0 %0'))
  })
})

/** Programs whose calls must stay as they are. */
const apart: [string, (b: Builder) => void][] = [
  [
    'a dependence through a call between',
    b => {
      const [x, a, s, d] = [b.argument(6), b.made(6), b.made(1), b.state(new Float32Array(6))]
      b.call('exp', 1, 6, full, x, a)
      b.call('sum', 1, 6, 1, a, s)
      b.call('div', 1, 6, full, scalar, a, s, d)
    },
  ],
  [
    'a write between a read and a read',
    b => {
      const [x, s, t, u] = [b.argument(6), b.state(new Float32Array(6)), b.state(new Float32Array(6)), b.made(6)]
      b.call('exp', 1, 6, full, s, u)
      b.call('stridedWrite', 0, Int32Array.of(2, 1), u, s)
      b.call('add', 1, 6, full, full, s, x, t)
    },
  ],
  [
    'other grids',
    b => {
      const [x, a] = [b.argument(6), b.made(6)]
      b.call('add', 2, 3, full, row, x, b.argument(3), a)
      b.call('add', 3, 2, full, row, a, b.argument(2), b.state(new Float32Array(6)))
      b.call('exp', 1, 5, full, a, b.state(new Float32Array(5)))
    },
  ],
  [
    'a value made on the grid and repeated over it',
    b => {
      const [s, x] = [b.state(new Float32Array(6)), b.argument(6)]
      b.call('exp', 2, 3, full, x, s)
      b.call('add', 2, 3, full, row, x, s, b.state(new Float32Array(6)))
    },
  ],
  [
    'state repeated over the grid and then written over it',
    b => {
      const [s, x] = [b.state(new Float32Array(6)), b.argument(6)]
      b.call('add', 2, 3, full, column, x, s, b.state(new Float32Array(6)))
      b.call('exp', 2, 3, full, x, s)
    },
  ],
  [
    'outer axes',
    b => {
      const [x, a] = [b.argument(6), b.made(6)]
      b.call('exp', 1, 3, full, x, a, Int32Array.of(2, 3))
      b.call('neg', 1, 6, full, a, b.state(new Float32Array(6)))
    },
  ],
  [
    'calls that have no element in common',
    b => {
      b.call('exp', 1, 6, full, b.argument(6), b.state(new Float32Array(6)))
      b.call('neg', 1, 6, full, b.argument(6), b.state(new Float32Array(6)))
    },
  ],
]

describe('left apart', () => {
  test.each(apart)('%s', (_, build) => {
    const b = new Builder()
    build(b)
    expect(fuseElementwise(b.program())).toEqual(b.calls)
  })

  test('state is not written before an index that comes first is checked', () => {
    const b = new Builder()
    const [x, ids, s, t] = [b.argument(6), b.argument(1, 'int32'), b.state(new Float32Array(6)), b.made(6)]
    b.call('exp', 1, 6, full, x, t)
    b.call('sum', 1, 6, 1, t, b.made(1))
    b.call('take', 1, 6, 1, 1, x, ids, b.made(1))
    b.call('add', 1, 6, full, full, t, x, s)
    const steps = fuseElementwise(b.program())
    const written = steps.findIndex(step => isGroup(step) && step.members.some(({ out }) => out === s.value))
    expect(written).toBeGreaterThan(steps.findIndex(step => 'kernel' in step && step.kernel === 'take'))
  })
})

test.each([
  ['float32', 12],
  ['float64', 6],
] as const)('a group keeps at most 12 KB of tiles: %s', (dtype, most) => {
  const widthOf = (count: number): number => {
    const b = new Builder()
    const x = b.argument(600, dtype)
    const made = Array.from({ length: count }, (_, i) => {
      const out = b.made(600, dtype)
      b.call('leakyRelu', 1, 600, full, i, x, out)
      return out
    })
    let total = made[count - 1]
    for (const each of made.slice(0, -1).reverse()) {
      const sum = b.made(600, dtype)
      b.call('add', 1, 600, full, full, total, each, sum)
      total = sum
    }
    return Math.max(...fuseElementwise(b.program(total)).map(step => (isGroup(step) ? step.members.length : 1)))
  }
  expect(widthOf(most - 1)).toBe(2 * most - 3)
  expect(widthOf(most + 1)).toBeLessThan(2 * most + 1)
})
