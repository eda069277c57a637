// The passes that turn a program into a shorter one, on small programs written by hand.

import { describe, expect, test } from 'vitest'
import { dumpSteps } from '../../../lib/compile/dump.js'
import { eliminateCommonSubexpressions } from '../../../lib/compile/passes/common-subexpressions.js'
import { eliminateDeadCode } from '../../../lib/compile/passes/dead-code.js'
import { convertToSsa } from '../../../lib/compile/passes/ssa.js'
import { Builder } from '../support/builder.js'

const full = 0

describe('SSA conversion', () => {
  test('what is written whole again gets a new name, and its readers read that', () => {
    const b = new Builder()
    const [x, y] = [b.argument(4), b.made(4)]
    b.call('exp', 1, 4, full, x, y)
    b.call('add', 1, 4, full, full, y, x, y)
    b.call('neg', 1, 4, full, y, y)
    const renamed = convertToSsa(b.program(y))
    expect(dumpSteps(renamed.calls)).toBe(
      ['%1 = exp rows=1 cols=4 a=%0', '%2 = add rows=1 cols=4 a=%1 b=%0', '%3 = neg rows=1 cols=4 a=%2'].join('\n'),
    )
    expect(renamed.results).toEqual([3])
    expect(renamed.values[3]).toEqual({ id: 3, dtype: 'float32', length: 4, origin: { kind: 'made' } })
    expect(renamed.calls.map(({ source }) => source)).toEqual([0, 1, 2])
  })

  test('state keeps its name, and so does what is updated or written in part', () => {
    const b = new Builder()
    const [x, s, y] = [b.argument(4), b.state(new Float32Array(4)), b.made(6)]
    b.call('add', 1, 4, full, full, s, x, s)
    b.call('fill', 6, 0, y)
    b.call('stridedWrite', 1, Int32Array.of(4, 1), s, y)
    b.call('neg', 1, 4, full, x, y)
    expect(convertToSsa(b.program(y))).toEqual(b.program(y))
  })
})

describe('dead-code elimination', () => {
  test('what neither a result nor state needs goes, and what only it needed', () => {
    const b = new Builder()
    const [x, s] = [b.argument(4), b.state(new Float32Array(1))]
    const [a, dead, deader] = [b.made(4), b.made(4), b.made(1)]
    b.call('exp', 1, 4, full, x, a)
    b.call('sin', 1, 4, full, a, dead)
    b.call('sum', 1, 4, 1, dead, deader)
    b.call('sum', 1, 4, 1, a, s)
    expect(dumpSteps(eliminateDeadCode(b.program()).calls)).toBe(
      ['%2 = exp rows=1 cols=4 a=%0', '%1 = sum outer=1 n=4 inner=1 a=%2'].join('\n'),
    )
  })

  test('a write that covers its value ends the life of what was there; one that does not, or reads it, does not', () => {
    const b = new Builder()
    const [x, s, t, u] = [b.argument(4), ...[0, 1, 2].map(() => b.state(new Float32Array(4)))]
    for (const state of [s, t, u]) b.call('exp', 1, 4, full, x, state)
    b.call('neg', 1, 4, full, x, s)
    b.call('neg', 1, 3, full, x, t)
    b.call('add', 1, 4, full, full, u, x, u)
    expect(eliminateDeadCode(b.program()).calls.map(({ source }) => source)).toEqual([1, 2, 3, 4, 5])
  })

  test('updates of a dead value go; of a live one each stays', () => {
    const b = new Builder()
    const [x, dead, live] = [b.argument(2), b.made(4), b.made(4)]
    for (const value of [dead, live]) {
      b.call('fill', 4, 0, value)
      b.call('stridedWrite', 0, Int32Array.of(2, 1), x, value)
      b.call('stridedWrite', 2, Int32Array.of(2, 1), x, value)
    }
    expect(eliminateDeadCode(b.program(live)).calls.map(({ source }) => source)).toEqual([3, 4, 5])
  })

  test('of dead calls that check ids, the first of each check stays', () => {
    const b = new Builder()
    const [table, ids, others, s] = [
      b.argument(12),
      b.argument(2, 'int32'),
      b.argument(2, 'int32'),
      b.state(new Int32Array(2)),
    ]
    const take = (n: number, from: { value: number }): void => b.call('take', 1, n, 2, 2, table, from, b.made(4))
    take(6, ids)
    take(6, ids)
    take(5, ids)
    take(6, others)
    b.call('takeBackward', 1, 6, 2, 2, table, ids, b.made(12))
    take(6, s)
    b.call('copy', 1, 2, full, ids, s)
    take(6, s)
    expect(eliminateDeadCode(b.program()).calls.map(({ source }) => source)).toEqual([0, 2, 3, 5, 6, 7])
  })

  test('state that a bad index leaves behind is as it would be', () => {
    const b = new Builder()
    const [x, ids, s] = [b.argument(4), b.argument(1, 'int32'), b.state(new Float32Array(4))]
    b.call('exp', 1, 4, full, x, s)
    b.call('take', 1, 4, 1, 1, x, ids, b.made(1))
    b.call('neg', 1, 4, full, x, s)
    expect(eliminateDeadCode(b.program()).calls).toHaveLength(3)
  })
})

describe('common-subexpression elimination', () => {
  test('the same kernel on the same elements is called once, through chains of them', () => {
    const b = new Builder()
    const [x, a, c, d, e] = [b.argument(4), ...[0, 1, 2, 3].map(() => b.made(4))]
    b.call('exp', 1, 4, full, x, a)
    b.call('exp', 1, 4, full, x, c)
    b.call('neg', 1, 4, full, a, d)
    b.call('neg', 1, 4, full, c, e)
    const merged = eliminateCommonSubexpressions(b.program(d, e))
    expect(merged.calls.map(({ source }) => source)).toEqual([0, 2])
    expect(merged.results).toEqual([3, 3])
  })

  test('not where a scalar, a size, a sign of zero or the elements differ', () => {
    const b = new Builder()
    const [x, s] = [b.argument(4), b.state(new Float32Array(4))]
    b.call('clamp', 1, 4, full, 0, 1, x, b.made(4))
    b.call('clamp', 1, 4, full, -0, 1, x, b.made(4))
    b.call('clamp', 2, 2, full, 0, 1, x, b.made(4))
    b.call('neg', 1, 4, full, s, b.made(4))
    b.call('exp', 1, 4, full, x, s)
    b.call('neg', 1, 4, full, s, b.made(4))
    expect(eliminateCommonSubexpressions(b.program())).toEqual(b.program())
  })

  test('not where one of the results is updated later, or is state', () => {
    const b = new Builder()
    const [x, a, c] = [b.argument(4), b.made(4), b.made(4)]
    b.call('exp', 1, 4, full, x, a)
    b.call('exp', 1, 4, full, x, c)
    b.call('stridedWrite', 0, Int32Array.of(2, 1), x, c)
    b.call('neg', 1, 4, full, x, b.state(new Float32Array(4)))
    b.call('neg', 1, 4, full, x, b.state(new Float32Array(4)))
    expect(eliminateCommonSubexpressions(b.program(a, c))).toEqual(b.program(a, c))
  })

  test('random numbers are the same only at one offset', () => {
    const b = new Builder()
    const state = b.state(new Int32Array(4))
    b.call('uniform', 4, 0, 1, 0, state, b.made(4))
    b.call('uniform', 4, 0, 1, 1, state, b.made(4))
    b.call('uniform', 4, 0, 1, 0, state, b.made(4))
    expect(eliminateCommonSubexpressions(b.program()).calls.map(({ source }) => source)).toEqual([0, 1])
  })
})
