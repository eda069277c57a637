// Plans spoilt on purpose are refused, each for its reason.

import { expect, test } from 'vitest'
import { ArgumentError } from '../../../lib/base/errors.js'
import { Layout } from '../../../lib/base/layout.js'
import { interpret } from '../../../lib/compile/interpreter.js'
import type { Group, Plan } from '../../../lib/compile/plan.js'
import { makePlan } from '../../../lib/compile/planner.js'
import { Builder } from '../support/builder.js'

const { full, row, column } = Layout

/** exp(x) + bias stored, its negation and its sum: a group and a call. */
function example(): Plan {
  const b = new Builder()
  const [x, bias, a, c, d, total] = [b.argument(24), b.argument(6), b.made(24), b.made(24), b.made(24), b.made(1)]
  b.call('exp', 4, 6, full, x, a)
  b.call('add', 4, 6, full, row, a, bias, c)
  b.call('neg', 1, 24, full, c, d)
  b.call('sum', 1, 24, 1, c, total)
  return makePlan(b.program(c, d, total), { fusion: true })
}

const withGroup = (base: Plan, change: (group: Group) => Group): Plan => {
  const [group, ...rest] = base.steps
  return { ...base, steps: [change(group as Group), ...rest] }
}
const withMember = (base: Plan, at: number, change: Partial<Group['members'][number]>): Plan =>
  withGroup(base, group => ({
    ...group,
    members: group.members.map((each, i) => (i === at ? { ...each, ...change } : each)),
  }))
const withOffset = (base: Plan, id: number, offset: number): Plan => ({
  ...base,
  offsets: base.offsets.map((each, i) => (i === id ? offset : each)),
})

const spoilt: [string, (base: Plan) => Plan, RegExp][] = [
  ['a place outside', base => withOffset(base, 3, base.arenaBytes), /expected %3 in \d+ bytes, aligned, got it at/],
  ['a place between', base => withOffset(base, 5, 4), /got it at 4/],
  ['no place', base => withOffset(base, 5, -1), /step 1: expected a place for %5, got none/],
  ['an argument over another', base => withOffset(base, 1, base.offsets[0]), /expected a place for %0/],
  [
    'an output over what is still read',
    base => withOffset(base, 4, base.offsets[3]),
    /step 0: expected %3 to be there after the group/,
  ],
  [
    'an output over an operand that repeats',
    base => ({ ...withOffset(base, 4, base.offsets[1]), arenaBytes: 1024 }),
    /step 0: expected %4 not to be over %1, read elsewhere/,
  ],
  [
    'a value that is not there any more',
    base => ({ ...base, steps: [...base.steps.slice(1), base.steps[0]] }),
    /step 0: expected %3 to be there still/,
  ],
  [
    'a kernel that is not elementwise',
    base => withMember(base, 0, { kernel: 'sum' }),
    /expected an elementwise kernel/,
  ],
  ['too few operands', base => withMember(base, 1, { operands: [{ member: 0 }] }), /expected 2 operands, got 1/],
  ['too many scalars', base => withMember(base, 0, { scalars: [1] }), /expected 0 scalars, got 1/],
  ['a member that comes later', base => withMember(base, 0, { operands: [{ member: 2 }] }), /member 0 reads member 2/],
  [
    'an operand too short',
    base => withMember(base, 1, { operands: [{ member: 0 }, { value: 1, layout: full }] }),
    /step 0: add: expected b with at least 24 elements/,
  ],
  ['a type that its result has not', base => withMember(base, 0, { dtype: 'float64' }), /step 0: .*Float64Array/],
  ['a grid too large', base => withGroup(base, group => ({ ...group, rows: 5 })), /with at least 30 elements/],
]

test.each(spoilt)('%s', (_, spoil, message) => {
  expect(() => interpret(example())).not.toThrow()
  const make = (): unknown => interpret(spoil(example()))
  expect(make).toThrow(ArgumentError)
  expect(make).toThrow(message)
})

test('state read by rows or columns in the group that writes it', () => {
  const b = new Builder()
  const [x, s, a] = [b.argument(24), b.state(new Float32Array(24)), b.made(24)]
  b.call('add', 4, 6, full, full, x, s, a)
  b.call('exp', 4, 6, full, a, s)
  const base = makePlan(b.program(), { fusion: true })
  expect(() => interpret(base)).not.toThrow()
  const operands = [
    { value: x.value, layout: full },
    { value: s.value, layout: column },
  ] as const
  expect(() => interpret(withMember(base, 0, { operands }))).toThrow(/expected %1 not to be over %1, read elsewhere/)
})

test('a run with other arrays than the program has', () => {
  const { run } = interpret(example())
  const results = [new Float32Array(24), new Float32Array(24), new Float32Array(1)]
  const args = [new Float32Array(24), new Float32Array(6)]
  expect(run(args, results)).toBe(null)
  expect(() => run([args[0]], results)).toThrow('run: expected argument 1 to be Float32Array(6), got undefined')
  expect(() => run([args[0], new Float64Array(6)], results)).toThrow(/argument 1 to be Float32Array\(6\), got Float64/)
  expect(() => run(args, [...results.slice(0, 2), new Float32Array(2)])).toThrow(/result 2 to be Float32Array\(1\)/)
})
