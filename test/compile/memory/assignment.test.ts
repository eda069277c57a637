// Where values are put: apart while they live together, in one place where they do not, in place where a row allows it.

import { describe, expect, test } from 'vitest'
import { Layout } from '../../../lib/base/layout.js'
import { assignBuffers } from '../../../lib/compile/memory/assignment.js'
import { fuseElementwise } from '../../../lib/compile/passes/elementwise-fusion.js'
import type { Program, Reference } from '../../../lib/compile/program.js'
import { Builder } from '../support/builder.js'

const { full, row } = Layout

const placed = (program: Program) => assignBuffers(program, program.calls)

describe('liveRanges', () => {
  test('values that do not live together share a place; offsets are multiples of 64; arguments are there from the start', () => {
    const b = new Builder()
    const [x, y] = [b.argument(17), b.argument(16)]
    const [a, c, d] = [b.made(1), b.made(1), b.made(1)]
    b.call('sum', 1, 17, 1, x, a)
    b.call('sum', 1, 16, 1, y, c)
    b.call('add', 1, 1, full, full, a, c, d)
    const { offsets, arenaBytes } = placed(b.program(d))
    // x of 128 bytes, y of 64, a beside both; c where x was; d in place of an operand.
    expect(offsets).toEqual([0, 128, 192, 0, 192])
    expect(arenaBytes).toBe(256)
  })

  test('a gap is filled by what fits it best', () => {
    const b = new Builder()
    const [wide, kept, narrow, end] = [b.argument(80), b.argument(64), b.argument(48), b.argument(33)]
    b.call('sum', 1, 80, 1, wide, b.made(1))
    b.call('sum', 1, 48, 1, narrow, b.made(1))
    const late = b.made(32)
    b.call('fill', 32, 0, late)
    const { offsets } = placed(b.program(kept, end, late))
    expect([wide, kept, narrow, end].map(({ value }) => offsets[value])).toEqual([0, 320, 576, 768])
    expect(offsets[late.value]).toBe(576)
  })

  test('state and constants have no place, nor has what nothing stores', () => {
    const b = new Builder()
    const unused = b.made(4)
    b.call('add', 1, 4, full, full, b.state(new Float32Array(4)), b.constant(new Float32Array(4)), b.made(4))
    expect(placed(b.program())).toEqual({ offsets: [-1, -1, -1, 0], arenaBytes: 64 })
    expect(unused.value).toBe(0)
  })

  test('results stay to the end, and so does an argument that is one', () => {
    const b = new Builder()
    const [x, a, c] = [b.argument(16), b.made(16), b.made(16)]
    b.call('exp', 1, 16, full, x, a)
    b.call('neg', 1, 16, full, a, c)
    expect(new Set(placed(b.program(x, a, c)).offsets).size).toBe(3)
    expect(new Set(placed(b.program(c)).offsets).size).toBe(1)
  })
})

/** Whether the call’s output is put where its input `x` was. */
function isInPlace(build: (b: Builder, x: Reference) => Reference): boolean {
  const b = new Builder()
  const x = b.made(16)
  b.call('fill', 16, 1, x)
  const out = build(b, x)
  const { offsets } = placed(b.program(out))
  return offsets[out.value] === offsets[x.value]
}

describe('in place', () => {
  const cases: [string, boolean, (b: Builder, x: Reference, out: Reference) => void][] = [
    ['an elementwise call', true, (b, x, out) => b.call('add', 1, 16, full, full, x, b.argument(16), out)],
    ['both operands the same', true, (b, x, out) => b.call('mul', 1, 16, full, full, x, x, out)],
    ['rows at a time', true, (b, x, out) => b.call('softmax', 4, 4, 1, x, out)],
    ['outer axes', false, (b, x, out) => b.call('exp', 1, 4, full, x, out, Int32Array.of(4, 4))],
    ['a row that does not allow it', false, (b, x, out) => b.call('cast', 16, false, x, out)],
  ]
  test.each(cases)('%s: %s', (_, expected, build) => {
    const found = isInPlace((b, x) => {
      const out = b.made(16)
      build(b, x, out)
      return out
    })
    expect(found).toBe(expected)
  })

  test('not over an operand that repeats', () => {
    const b = new Builder()
    const [x, out] = [b.argument(16), b.made(256)]
    b.call('exp', 1, 16, row, x, b.made(16))
    b.call('add', 16, 16, row, row, x, x, out)
    const { offsets, arenaBytes } = placed(b.program(out))
    expect(offsets[out.value]).not.toBe(offsets[x.value])
    expect(arenaBytes).toBe(1024 + 64)
  })

  test('not what is read again', () => {
    const b = new Builder()
    const [x, a, c] = [b.argument(16), b.made(16), b.made(16)]
    b.call('exp', 1, 16, full, x, a)
    b.call('add', 1, 16, full, full, x, a, c)
    const { offsets } = placed(b.program(c))
    expect(offsets[a.value]).not.toBe(offsets[x.value])
  })

  test('not where the output’s place was in use before', () => {
    const b = new Builder()
    const [x, y, z] = [b.argument(16), b.made(16), b.made(16)]
    b.call('fill', 16, 1, y)
    b.call('neg', 1, 16, full, y, z)
    b.call('exp', 1, 16, full, x, y)
    const { offsets } = placed(b.program(y, z))
    expect(offsets[y.value]).not.toBe(offsets[x.value])
  })

  test('a group: over what was read at its own element by then, of elements as wide', () => {
    const group = (layout: number, last: (b: Builder, x: Reference, made: Reference) => Reference): boolean => {
      const b = new Builder()
      const [x, a, c] = [b.argument(24), b.made(24), b.made(24)]
      b.call('add', 4, 6, full, layout, b.argument(24), x, a)
      b.call('exp', 1, 24, full, a, c)
      const end = last(b, x, c)
      const program = b.program(c, end)
      const steps = fuseElementwise(program)
      expect(steps).toHaveLength(1)
      const { offsets } = assignBuffers(program, steps)
      return offsets[c.value] === offsets[x.value] || offsets[end.value] === offsets[x.value]
    }
    const negated = (b: Builder, _: Reference, made: Reference): Reference => {
      const out = b.made(24)
      b.call('neg', 1, 24, full, made, out)
      return out
    }
    expect(group(full, negated)).toBe(true)
    expect(group(row, negated)).toBe(false)
    expect(
      group(full, (b, x, made) => {
        const out = b.made(24, 'uint8')
        b.call('greater', 1, 24, full, full, made, x, out)
        return out
      }),
    ).toBe(false)
  })
})
