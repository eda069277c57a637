// Programs that are dropped are freed at once, in a loop that never yields, and come back where they are called again.

import { describe, expect, test } from 'vitest'
import { makeNativeExecutor } from '../../lib/compile/native-executor.js'
import { nativePrograms } from '../../lib/compile/native-programs.js'
import { isThreaded } from '../../lib/compile/plan.js'
import { makePlan } from '../../lib/compile/planner.js'
import { compile, full, idle, ones, type Tensor, zeros } from '../../lib/index.js'
import { onBackend } from '../support/backends.js'
import { Builder } from './support/builder.js'

const sumOfSquares = (x: Tensor): Tensor => x.mul(x).sum()

describe.skipIf(process.env.BLASGRAD_BACKEND === 'reference')('native programs', () => {
  test('of shapes that were long ago are freed in a loop that does not yield', () => {
    onBackend('native', () => {
      const step = compile(sumOfSquares)
      const before = nativePrograms()
      for (let i = 0; i < 600; i++) expect(step.sync(ones([1 + (i % 200)])).item()).toBe(1 + (i % 200))
      const after = nativePrograms()
      expect(after.count - before.count).toBeLessThanOrEqual(64)
      expect(after.bytes - before.bytes).toBeLessThan(64 * 4096)
    })
  })

  test('of compiled functions that are forgotten too, and one that is called again has its program again', () => {
    onBackend('native', () => {
      const first = compile(sumOfSquares)
      expect(first.sync(ones([3])).item()).toBe(3)
      for (let i = 0; i < 700; i++) compile(sumOfSquares).sync(ones([3]))
      expect(nativePrograms().count).toBeLessThanOrEqual(512)
      expect(first.sync(full([3], 2)).item()).toBe(12)
    })
  })

  test('of large arenas are kept in smaller numbers', () => {
    onBackend('native', () => {
      const cube = (x: Tensor): Tensor =>
        x
          .sum()
          .mul(zeros([2 ** 21]).add(x.sum()))
          .sum()
      for (let i = 0; i < 60; i++) compile(cube).sync(ones([1]))
      expect(nativePrograms().bytes).toBeLessThan(33 * 2 ** 24)
    })
  })

  test('that are on their way are let finish', async () => {
    const { steps, sums } = onBackend('native', () => {
      const step = compile((x: Tensor) => x.matmul(x).sum())
      return { steps: step, sums: Array.from({ length: 80 }, (_, i) => step(ones([i + 1, i + 1]))) }
    })
    const values = await Promise.all(sums)
    expect(values.map(value => value.item())).toEqual(values.map((_, i) => (i + 1) ** 3))
    expect((await steps(ones([2, 2]))).item()).toBe(8)
    await idle()
  })

  test('release: a later run takes memory again, and a running one is not touched', async () => {
    const b = new Builder()
    const [x, y] = [b.argument(4), b.made(4)]
    b.call('exp', 1, 4, 0, x, y)
    const executor = makeNativeExecutor(makePlan(b.program(y), { fusion: true }))
    if (!isThreaded(executor)) throw new TypeError('expected a native executor')
    const out = new Float32Array(4)
    executor.release?.()
    executor.release?.()
    expect(executor.run([new Float32Array(4)], [out])).toBeNull()
    expect([...out]).toEqual([1, 1, 1, 1])
    await new Promise<void>((resolve, reject) => {
      executor.start([new Float32Array([1, 1, 1, 1])], bad => {
        executor.collect([out])
        if (bad instanceof Error) reject(bad)
        else resolve()
      })
      executor.release?.()
    })
    expect(out[0]).toBeCloseTo(Math.E, 5)
  })
})
