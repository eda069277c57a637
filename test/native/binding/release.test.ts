// A native program that was released refuses whatever is called after, also where a list releases it as it is read.

import { describe, expect, test } from 'vitest'
import { loadNative } from '../../../lib/backend/load.js'
import { ArgumentError } from '../../../lib/base/errors.js'
import type { EpochJob, ThreadedExecutor } from '../../../lib/compile/plan.js'
import { makePlan } from '../../../lib/compile/planner.js'
import { Builder } from '../../compile/support/builder.js'

interface Program extends ThreadedExecutor {
  release(): boolean
}

function program(): Program {
  const b = new Builder()
  const [x, y] = [b.argument(1), b.made(1)]
  b.call('exp', 1, 1, 0, x, y)
  return loadNative().createProgram(makePlan(b.program(y), { fusion: false })) as Program
}

const fixed = (length: number) => new Float32Array(new SharedArrayBuffer(4 * length))
const number = () => new Int32Array(new SharedArrayBuffer(4))
const job = (): EpochJob => ({
  sources: [fixed(2)],
  batchSize: 1,
  order: Int32Array.of(0, 1),
  schedule: [],
  generator: number(),
  blocks: 0,
  results: [fixed(2)],
  waiting: number(),
  stop: number(),
})

describe.skipIf(process.env.BLASGRAD_BACKEND === 'reference')('release', () => {
  test('what is called after throws', () => {
    const made = program()
    const runs = made.createEpoch(job())
    expect(runs.run(0, 1, 0, 0).next).toBe(1)
    expect([made.release(), made.release()]).toEqual([true, true])
    const calls: (() => unknown)[] = [
      () => made.run([fixed(1)], [fixed(1)]),
      () => made.start([fixed(1)], () => {}),
      () => made.collect([fixed(1)]),
      () => made.createEpoch(job()),
      () => runs.run(0, 1, 0, 0),
      () => runs.start(0, 1, 0, 0, () => {}),
    ]
    for (const call of calls) expect(call).toThrow(ArgumentError)
    for (const call of calls) expect(call).toThrow('a program that was not released')
  })

  test('a running one is let finish', async () => {
    const made = program()
    const out = fixed(1)
    await new Promise<void>(resolve => {
      made.start([fixed(1)], () => {
        made.collect([out])
        resolve()
      })
      expect(made.release()).toBe(false)
    })
    expect([out[0], made.release()]).toEqual([1, true])
  })

  test('a list or a job that releases it as it is read', () => {
    const releasing = (made: Program) =>
      Object.defineProperty([], 0, { get: () => made.release() && fixed(1) }) as Float32Array[]
    const [one, two, three, four] = [program(), program(), program(), program()]
    expect(() => one.run(releasing(one), [fixed(1)])).toThrow('not released')
    expect(() => two.run([fixed(1)], releasing(two))).toThrow('not released')
    expect(() => three.start(releasing(three), () => {})).toThrow('not released')
    const sources = { get: () => four.release() && [fixed(2)] }
    expect(() => four.createEpoch(Object.defineProperty(job(), 'sources', sources))).toThrow('not released')
  })
})
