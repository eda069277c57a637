// Arguments of many elements: read where they are by a run in place, copied by one off the event loop, never written.

import { describe, expect } from 'vitest'
import { compile, nn, type Tensor, tensor } from '../../lib/index.js'
import { backendsUnderTest } from '../support/backends.js'
import { testsOn } from './support/on-backend.js'

const length = 40_000
const counted = (): Tensor => tensor(Float32Array.from({ length }, (_, i) => i % 97))

describe.each(backendsUnderTest)('large arguments on %s', backend => {
  const test = testsOn(backend)

  test('are read as they are at each call, and stay so', async () => {
    const step = compile((x: Tensor) => x.add(1).relu().sum())
    const [x, y] = [counted(), counted()]
    y.data.fill(2)
    const sum = (x.data as Float32Array).reduce((a, b) => a + b, 0) + length
    expect(step.sync(x).item()).toBe(sum)
    expect(step.sync(y).item()).toBe(3 * length)
    expect((await step(x)).item()).toBe(sum)
    expect(step.sync(y).item()).toBe(3 * length)
    x.data[0] = 1000
    expect(step.sync(x).item()).toBe(sum + 1000)
    expect(x.data.subarray(1, 4)).toEqual(Float32Array.of(1, 2, 3))
  })

  test('given back as a result are copies', () => {
    const step = compile((x: Tensor) => [x, x.neg()] as const)
    const x = counted()
    const [same, negated] = step.sync(x)
    expect(same.data).toEqual(x.data)
    expect(same.data.buffer).not.toBe(x.data.buffer)
    expect(negated.data[3]).toBe(-3)
    x.data.fill(0)
    expect(same.data[3]).toBe(3)
  })

  test('that are the very state which the step changes are read as they were at the call', () => {
    const parameter = new nn.Parameter(counted())
    const step = compile((x: Tensor) => {
      parameter.assign(parameter.detach().mul(2))
      return x.sub(parameter.detach())
    })
    // Twice the value is subtracted from the value as it was.
    expect(step.sync(parameter.detach()).data[5]).toBe(-5)
    expect(parameter.data[5]).toBe(10)
  })

  test('of views that begin anywhere are read where they begin', () => {
    const step = compile((x: Tensor) => x.mul(2))
    const whole = new Float32Array(length + 3).map((_, i) => i)
    for (const from of [0, 1, 3]) {
      const x = tensor(whole.subarray(from, from + length))
      expect(step.sync(x).data[7]).toBe(2 * (7 + from))
    }
  })
})
