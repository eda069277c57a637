// A program for which there was no memory is made anew at the next call; one that is malformed fails again.

import { beforeEach, expect, test, vi } from 'vitest'
import { BackendError } from '../../lib/base/errors.js'
import type { MakeExecutor } from '../../lib/compile/plan.js'
import { compile, nn, type Tensor, tensor } from '../../lib/index.js'

const memory = vi.hoisted(() => ({ runsOut: 0 }))

vi.mock('../../lib/compile/executors.js', async original => {
  const executors = await original<typeof import('../../lib/compile/executors.js')>()
  const executorFor =
    (...args: Parameters<typeof executors.executorFor>): MakeExecutor =>
    plan => {
      if (memory.runsOut-- > 0) throw new BackendError('plan: expected memory for 8 bytes, got none')
      return executors.executorFor(...args)(plan)
    }
  return { ...executors, executorFor }
})

beforeEach(() => {
  memory.runsOut = 0
})

test.each(['sync', 'await'])('%s', async how => {
  const weight = new nn.Parameter(tensor([2]))
  let recorded = 0
  const step = compile((x: Tensor) => {
    recorded++
    weight.assign(weight.mul(x))
    return weight.sum()
  })
  const call = async (x: Tensor) => (how === 'sync' ? step.sync(x) : step(x))
  memory.runsOut = 2
  await expect(call(tensor([3]))).rejects.toThrow(BackendError)
  await expect(call(tensor([3]))).rejects.toThrow(/expected memory/)
  expect((await call(tensor([3]))).item()).toBe(6)
  expect((await call(tensor([3]))).item()).toBe(18)
  expect(recorded).toBe(3)
})
