// Every kernel of the addon on arrays that end, and that begin, at an inaccessible page: one read or write out of bounds
// ends the process, and the call is named. The calls run in a process of their own.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kernelNames } from '../../lib/backend/table.js'
import { type Call, callsOf, kindsFor } from '../backend/support/calls.js'
import { runs, seed } from '../support/cases.js'
import { Random, seedOf } from '../support/random.js'
import { canGuard, GuardedProcess } from './support/guarded-process.js'

/** What an array of a call may have at most. */
const slotBytes = 1 << 20
/** Of each kernel and element type. */
const calls = runs(8, 300)

/** The arguments with arrays that are no longer than needed. */
function exactArguments({ args, arrays }: Call): unknown[] {
  const exact = args.map(arg => (ArrayBuffer.isView(arg) ? (arg as Int32Array).slice() : arg))
  for (const { index, needed } of arrays) exact[index] = (exact[index] as Float32Array).slice(0, needed)
  return exact
}

const isSmall = (args: readonly unknown[]): boolean =>
  args.every(arg => !ArrayBuffer.isView(arg) || arg.byteLength <= slotBytes)

describe.skipIf(!canGuard)(`kernels at inaccessible pages, ${calls} calls of each type, seed ${seed}`, () => {
  const process = new GuardedProcess('kernels.mjs', 24, slotBytes)
  beforeAll(() => process.compile())
  afterAll(() => process.stop())

  test.each([
    ['a byte read behind an array', false, 'end'],
    ['a byte written before an array', true, 'begin'],
  ])('the process dies of %s', async (label, isWrite, place) => {
    const found = await process.ask([{ kernel: 'outOfBounds', label, args: [new Uint8Array(3), isWrite] }])
    expect(found).toEqual({
      next: `${label}, arrays ${place} at an inaccessible page`,
      end: expect.stringMatching(/^SIG(?:SEGV|BUS)/),
    })
  })

  test.each(kernelNames)('%s', async name => {
    for (const kind of kindsFor(name)) {
      const random = new Random(seedOf(name) + seed)
      let count = 0
      for (const _ of callsOf(name, kind, () => count++ < 0)) throw new Error('expected no call to be made')
      const share = calls / count
      const tried = [...callsOf(name, kind, () => random.next() < share)].map(call => ({
        kernel: name,
        label: call.label,
        args: exactArguments(call),
      }))
      const found = await process.ask(tried.filter(({ args }) => isSmall(args)))
      if ('end' in found) expect.fail(`${found.next}: ${found.end}`)
    }
  })
})
