// What a program must not do, one by one: each is told by the call or the value.

import { expect, test } from 'vitest'
import { ArgumentError } from '../../../lib/base/errors.js'
import { Layout } from '../../../lib/base/layout.js'
import type { Program } from '../../../lib/compile/program.js'
import { verifyProgram } from '../../../lib/compile/verify/program.js'
import { Builder } from '../support/builder.js'

const { full, row } = Layout

function program(build: (b: Builder) => void): Program {
  const b = new Builder()
  build(b)
  return b.program()
}

const mistakes: [string, (b: Builder) => void, RegExp][] = [
  [
    'an array too short',
    b => b.call('add', 2, 3, full, full, b.argument(6), b.argument(5), b.made(6)),
    /^program: call 0: add: expected b with at least 6 elements \(grid\(bLayout,1\)\), got 5$/,
  ],
  [
    'element types that differ',
    b => b.call('add', 2, 3, full, full, b.argument(6), b.argument(6, 'float64'), b.made(6)),
    /call 0: add: expected b to be a Float32Array like a, got Float64Array/,
  ],
  [
    'an element type that the kernel has not',
    b => b.call('exp', 1, 4, full, b.argument(4, 'int32'), b.made(4, 'int32')),
    /expected a to be a Float32Array or Float64Array, got Int32Array/,
  ],
  ['a number where an array goes', b => b.call('exp', 1, 4, full, 7, b.made(4)), /expected a to be a value, got 7/],
  [
    'nothing where an array must be',
    b => b.call('exp', 1, 4, full, null, b.made(4)),
    /expected a to be a value, got null/,
  ],
  ['a value that is not there', b => b.call('exp', 1, 4, full, { value: 9 }, b.made(4)), /to be a value, got %9/],
  ['too many arguments', b => b.call('fill', 4, 0, b.made(4), 5), /call 0: fill: expected 3 arguments, got 4/],
  [
    'an argument written',
    b => {
      const x = b.argument(4)
      b.call('exp', 1, 4, full, x, x)
    },
    /expected out to be made here or state, got argument %0/,
  ],
  [
    'a constant updated',
    b => b.call('stridedWrite', 0, Int32Array.of(2, 1), b.argument(2), b.constant(new Float32Array(4))),
    /expected out to be made here or state, got constant %1/,
  ],
  [
    'a read before the write',
    b => b.call('exp', 1, 4, full, b.made(4), b.made(4)),
    /expected a, %0, to be written before/,
  ],
  [
    'a read of what is written in part',
    b => {
      const x = b.made(4)
      b.call('stridedWrite', 0, Int32Array.of(3, 1), b.argument(3), x)
      b.call('exp', 1, 4, full, x, b.made(4))
    },
    /call 1: exp: expected a, %0, to be written before it is read/,
  ],
  [
    'an output over an input that repeats',
    b => {
      const x = b.state(new Float32Array(6))
      b.call('add', 2, 3, full, row, b.argument(6), x, x)
    },
    /expected out to share no memory with b/,
  ],
  [
    'an output over an input where the row does not allow it',
    b => {
      const x = b.state(new Uint8Array(6))
      b.call('greater', 2, 3, full, full, x, x, x)
    },
    /greater: expected out to share no memory with/,
  ],
  [
    'state that shares memory',
    b => {
      const { buffer } = new Float32Array(8)
      b.state(new Float32Array(buffer, 0, 5))
      b.constant(new Float32Array(buffer, 16, 4))
    },
    /program: value 1: expected memory of its own, got memory of %0/,
  ],
]

test.each(mistakes)('%s', (_, build, message) => {
  expect(() => verifyProgram(program(build))).toThrow(ArgumentError)
  expect(() => verifyProgram(program(build))).toThrow(message)
})

test('a kernel that is not there, a result that is not, a length that is not the array’s', () => {
  const b = new Builder()
  const x = b.argument(4)
  expect(() => verifyProgram({ ...b.program(), calls: [{ kernel: 'nothing' as 'exp', args: [] }] })).toThrow(
    'program: call 0: expected a kernel, got "nothing"',
  )
  expect(() => verifyProgram(b.program({ value: 3 }))).toThrow('program: result 0: expected a value, got 3')
  expect(() => verifyProgram(b.program(b.made(2)))).toThrow('program: result 0: expected %1 to be written before')
  const [value] = b.values
  expect(() => verifyProgram({ ...b.program(x), values: [{ ...value, length: -1 }] })).toThrow(
    'expected a length, got -1',
  )
  const origin = { kind: 'constant', array: new Float32Array(3) } as const
  expect(() => verifyProgram({ ...b.program(x), values: [{ ...value, origin }] })).toThrow(
    'expected an array of 4 float32',
  )
})

test('what is written in pieces is whole once each element has been written', () => {
  const b = new Builder()
  const x = b.made(6)
  b.call('stridedWrite', 0, Int32Array.of(3, 2), b.argument(3), x)
  b.call('stridedWrite', 1, Int32Array.of(3, 2), b.argument(3), x)
  b.call('exp', 1, 6, full, x, b.made(6))
  expect(() => verifyProgram(b.program(x))).not.toThrow()
})

test('in place where the row allows it, at full layout', () => {
  const b = new Builder()
  const x = b.state(new Float32Array(6))
  b.call('add', 2, 3, full, row, x, b.argument(3), x)
  expect(() => verifyProgram(b.program(x))).not.toThrow()
})
