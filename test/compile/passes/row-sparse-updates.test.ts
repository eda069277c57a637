// Which updates go by rows, on small programs written by hand.

import { describe, expect, test } from 'vitest'
import { kernelNames, kernelRow } from '../../../lib/backend/table.js'
import { dumpSteps } from '../../../lib/compile/dump.js'
import { useRowSparseUpdates } from '../../../lib/compile/passes/row-sparse-updates.js'
import type { Reference } from '../../../lib/compile/program.js'
import { signatureOf } from '../../../lib/compile/program.js'
import { verifyProgram } from '../../../lib/compile/verify/program.js'
import { Builder } from '../support/builder.js'

const full = 0
const hyper = Float64Array.of(0.1, 0, 0, 0)

/** A table [5, 2] whose gradient is rows g [3, 2] at ids; `between` and `after` add calls. */
function program({
  between = () => {},
  outer = 1,
  made = b => b.made(10),
  updated = 10,
  results = () => [],
}: {
  between?: (b: Builder, gradient: Reference, g: Reference) => void
  outer?: number
  made?: (b: Builder) => Reference
  updated?: number
  results?: (gradient: Reference) => Reference[]
} = {}) {
  const b = new Builder()
  const [x, ids, g, gradient] = [b.argument(6), b.argument(3, 'int32'), b.made(6), made(b)]
  b.call('exp', 1, 6, full, x, g)
  if (outer === 1) b.call('takeBackward', 1, 5, 2, 3, g, ids, gradient)
  else b.call('takeBackward', 2, 5, 1, 3, g, ids, gradient)
  between(b, gradient, g)
  b.call('sgd', updated, b.state(hyper), gradient, b.state(new Float32Array(10)), null)
  return b.program(...results(gradient))
}

const isByRows = (...args: Parameters<typeof program>): boolean => {
  const updated = useRowSparseUpdates(program(...args))
  verifyProgram(updated)
  return updated.calls.some(({ kernel }) => kernel === 'sgdRows')
}

test('the scatter becomes lists, in its place, and the update takes the rows', () => {
  const updated = useRowSparseUpdates(program())
  verifyProgram(updated)
  expect(dumpSteps(updated.calls)).toBe(
    [
      '%2 = exp rows=1 cols=6 a=%0',
      '%6, %7 = rowLists n=5 count=3 ids=%1',
      'sgdRows n=5 inner=2 count=3 hyper=%4 g=%2 first=%6 next=%7 param=%5! velocity=none!',
    ].join('\n'),
  )
  expect(updated.calls.map(({ source }) => source)).toEqual([0, 1, 2])
})

describe('not where', () => {
  test('something else reads the gradient, or writes to it', () => {
    expect(isByRows({ between: (b, gradient) => b.call('exp', 1, 10, full, gradient, b.made(10)) })).toBe(false)
    expect(isByRows({ between: (b, gradient) => b.call('exp', 1, 10, full, gradient, gradient) })).toBe(false)
    expect(
      isByRows({
        between: (b, gradient, g) => b.call('stridedWrite', 0, Int32Array.of(2, 1), g, gradient),
      }),
    ).toBe(false)
  })

  test('the gradient is a result, or stays', () => {
    expect(isByRows({ results: gradient => [gradient] })).toBe(false)
    expect(isByRows({ made: b => b.state(new Float32Array(10)) })).toBe(false)
  })

  test('the rows lie along another axis', () => {
    expect(isByRows({ outer: 2 })).toBe(false)
  })

  test('the rows change before the update', () => {
    const between = (b: Builder, _: Reference, g: Reference): void =>
      b.call('stridedWrite', 0, Int32Array.of(2, 1), b.constant(Float32Array.of(1, 2)), g)
    expect(isByRows({ between })).toBe(false)
  })

  test('the update reads a part of the gradient', () => {
    expect(isByRows({ updated: 8 })).toBe(false)
  })
})

test('rows name kernels that there are, with arguments that a scatter or an update has', () => {
  for (const name of kernelNames) {
    const { lists, rowSparse } = kernelRow(name)
    for (const other of [lists, rowSparse]) {
      if (other !== undefined) expect(kernelNames, name).toContain(other)
    }
    if (rowSparse === undefined) continue
    const namesOf = (kernel: string): string[] =>
      signatureOf(kernel as (typeof kernelNames)[number]).args.map(each => each.name)
    const known = [...namesOf(name), ...namesOf('takeBackward'), ...namesOf('rowLists')]
    expect(namesOf(rowSparse).filter(each => !known.includes(each))).toEqual([])
  }
})
