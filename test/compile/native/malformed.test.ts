// Malformed plans, each kind: the native executor refuses to make a program of them, and so does the interpreter.

import { describe, expect, test } from 'vitest'
import { ArgumentError } from '../../../lib/base/errors.js'
import { Layout } from '../../../lib/base/layout.js'
import { interpret } from '../../../lib/compile/interpreter.js'
import { makeNativeExecutor } from '../../../lib/compile/native-executor.js'
import type { Member, Plan } from '../../../lib/compile/plan.js'
import { Builder } from '../support/builder.js'

const { full, row, scalar } = Layout
const referenceOnly = process.env.BLASGRAD_BACKEND === 'reference'

/** x → exp → made → neg → result, and a group that adds x to made; x, made and out have 4 elements. */
function good(): Plan {
  const b = new Builder()
  const [x, made, out, ids] = [b.argument(4), b.made(4), b.made(4), b.constant(Int32Array.of(0))]
  b.call('exp', 1, 4, full, x, made)
  b.call('take', 1, 4, 1, 1, x, ids, b.made(1))
  const members: Member[] = [
    { kernel: 'neg', dtype: 'float32', scalars: [], operands: [{ ...made, layout: full }], out: null },
    {
      kernel: 'add',
      dtype: 'float32',
      scalars: [],
      operands: [{ member: 0 }, { ...x, layout: full }],
      out: out.value,
    },
  ]
  const steps = [...b.calls, { rows: 1, cols: 4, members }]
  return { program: b.program(out), steps, arenaBytes: 256, offsets: [0, 64, 128, -1, 192] }
}

/** Sets what a path of names and positions leads to. */
type Edit = readonly [path: string, value: unknown]

function spoilt(...edits: readonly Edit[]): Plan {
  const plan = good()
  for (const [path, value] of edits) {
    const names = path.split('.')
    let holder: unknown = plan
    for (const name of names.slice(0, -1)) holder = Reflect.get(holder as object, name)
    Reflect.set(holder as object, names[names.length - 1], value)
  }
  return plan
}

const negated = { kernel: 'neg', dtype: 'float32', scalars: [], operands: [{ value: 1, layout: full }], out: null }

const listed = (rows: readonly (readonly [string, ...Edit[]])[]): [string, readonly Edit[]][] =>
  rows.map(([what, ...edits]) => [what, edits])

const mistakes: readonly (readonly [what: string, edits: readonly Edit[]])[] = listed([
  ['a kernel that there is not', ['steps.0.kernel', 'nope']],
  ['a kernel for floats on integers', ['program.values.0.dtype', 'int32'], ['program.values.1.dtype', 'int32']],
  ['arrays of two element types', ['program.values.1.dtype', 'float64']],
  ['an array that is too short', ['steps.0.args.1', 5]],
  ['a size that is none', ['steps.0.args.1', -1]],
  ['a layout that is none', ['steps.0.args.2', 4]],
  ['a value that there is not', ['steps.0.args.3', { value: 17 }]],
  ['an array left out that is needed', ['steps.0.args.3', null]],
  ['a value without a place', ['offsets.1', -1]],
  ['an argument without a place', ['offsets.0', -1]],
  ['a place beyond the arena', ['offsets.1', 256]],
  ['a place that is not aligned', ['offsets.1', 68]],
  ['a place that is no number', ['offsets.1', Number.NaN]],
  ['an output over an input', ['steps.1.args.6', { value: 0 }]],
  ['a value read before it is written', ['steps', good().steps.slice(1)]],
  ['a value read after another has taken its place', ['offsets.4', 64]],
  ['a result that is not there', ['program.results', [2, 1]], ['offsets.2', 64]],
  ['a result that is no value', ['program.results', [9]]],
  ['a member that is not elementwise', ['steps.2.members.0.kernel', 'sum']],
  ['a member with too few operands', ['steps.2.members.1.operands', [{ member: 0 }]]],
  ['a member with a scalar too many', ['steps.2.members.1.scalars', [1]]],
  ['a member of another element type', ['steps.2.members.1.dtype', 'float64']],
  ['a member that reads a later one', ['steps.2.members.0.operands.0', { member: 1 }]],
  ['an operand shorter than its layout', ['steps.2.rows', 2]],
  ['an output of another type', ['steps.2.members.1.kernel', 'greater']],
  [
    'an output over an operand read in another layout',
    ['steps.2.members.1.operands.1', { value: 1, layout: scalar }],
    ['steps.2.members.1.out', 1],
    ['program.results', [1]],
  ],
])

const nativeOnly: typeof mistakes = listed([
  ['an argument that is written', ['steps.0.args.4', { value: 0 }]],
  ['a constant that is written', ['steps.2.members.1.out', 3]],
  ['too many arguments', ['steps.0.args', [...Array(20).keys()]]],
  ['values that are no array', ['program.values', {}]],
  ['a value that is no object', ['program.values.1', null]],
  ['an element type that there is not', ['program.values.1.dtype', 'int8']],
  ['an origin that there is not', ['program.values.1.origin', { kind: 'nowhere' }]],
  ['a constant of another length', ['program.values.3.length', 2]],
  ['a constant that is no array', ['program.values.3.origin.array', [0]]],
  ['an arena beyond any memory', ['arenaBytes', 2 ** 60]],
  ['steps that are no array', ['steps', undefined]],
  ['a slot twice', ['program.values.4.origin', { kind: 'argument', slot: 0 }]],
  ['a layout of an operand that is none', ['steps.2.members.1.operands.1.layout', 4]],
  [
    'a group larger than its buffers',
    [
      'steps.2.members',
      [
        ...Array.from({ length: 40 }, () => negated),
        ...Array.from({ length: 39 }, (_, i) => ({
          ...negated,
          kernel: 'add',
          operands: [{ member: i }, { member: i + 1 }],
        })),
      ],
    ],
  ],
])

describe.skipIf(referenceOnly)('malformed plans', () => {
  test('a good one is none', () => {
    const out = [new Float32Array(4)]
    for (const make of [makeNativeExecutor, interpret]) {
      expect(make(good()).run([Float32Array.of(0, 0, 0, 0)], out)).toBeNull()
      expect([...out[0]]).toEqual([-1, -1, -1, -1])
    }
    const repeated = spoilt(['steps.2.members.1.operands.1.layout', row])
    expect(makeNativeExecutor(repeated).run([Float32Array.of(0, 0, 0, 0)], out)).toBeNull()
  })

  test.each([...mistakes, ...nativeOnly])('%s', (_, edits) => {
    expect(() => makeNativeExecutor(spoilt(...edits))).toThrow(ArgumentError)
    expect(() => makeNativeExecutor(spoilt(...edits))).toThrow(/^plan: /)
  })

  test.each(mistakes)('the interpreter refuses %s too', (_, edits) => {
    expect(() => interpret(spoilt(...edits))).toThrow()
  })

  test('messages name the step and what was expected', () => {
    const message = (...edits: readonly Edit[]): string => {
      try {
        makeNativeExecutor(spoilt(...edits))
      } catch (error) {
        return (error as Error).message
      }
      return ''
    }
    expect(message(['steps.0.args.1', 5])).toBe(
      'plan: step 0: exp: expected a with at least 5 elements (grid(aLayout,0)), got 4',
    )
    expect(message(['steps.1.args.0', 1.5])).toBe(
      'plan: step 1: take: expected outer to be an integer from 0 to 2147483647, got 1.5',
    )
    expect(message(['program.values.1.dtype', 'float64'])).toBe(
      'plan: step 0: exp: expected out to be a Float32Array like a, got float64',
    )
  })
})
