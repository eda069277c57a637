// Where an awaited step runs: long ones off the event loop, quick ones at once, those over memory that can be detached in
// their turn.

import { expect, test } from 'vitest'
import { compile } from '../../lib/compile/compile.js'
import * as bg from '../../lib/index.js'
import { nn, Tensor, tensor } from '../../lib/index.js'
import { backendsUnderTest } from '../support/backends.js'
import { affine } from './support/affine.js'

const busy = expect.objectContaining({ code: 'BUSY' })

// The reference backend runs a step in place: it has no thread to run it on.
test.runIf(backendsUnderTest.includes('native'))('the event loop goes on while a long step runs', async () => {
  bg.setBackend('native')
  const w = new nn.Parameter(bg.rand([600, 600]))
  const step = compile((x: Tensor) => {
    let y = x
    for (let i = 0; i < 40; i++) y = y.matmul(w).mul(1 / 600)
    return y
  })
  const x = bg.rand([600, 600])
  const alone = step.sync(x)
  // How long it takes is known then.
  for (let i = 0; i < 2; i++) await step(x)
  let ticks = 0
  const timer = setInterval(() => ticks++, 1)
  let over = false
  const running = Promise.all([step(x), step(x)]).then(results => {
    over = true
    return results
  })
  while (!over) await new Promise(resolve => setImmediate(resolve))
  clearInterval(timer)
  // In place it would leave no turn before both are over.
  expect(ticks).toBeGreaterThan(3)
  for (const result of await running) expect(result.toArray()).toEqual(alone.toArray())
})

test.runIf(backendsUnderTest.includes('native'))(
  'many short steps in a row leave the event loop its turns',
  async () => {
    bg.setBackend('native')
    const step = compile((x: Tensor) => x.add(1))
    const x = tensor([1])
    let ticks = 0
    const timer = setInterval(() => ticks++, 1)
    // Without turns it would not end.
    while (ticks <= 3) await step(x)
    clearInterval(timer)
  },
)

test.runIf(backendsUnderTest.includes('native'))('a step that is quick is over when the call is', async () => {
  bg.setBackend('native')
  const w = new nn.Parameter([1])
  const step = affine(w)
  const [a, b] = [tensor([1]), tensor([1])]
  let inPlace = 0
  // A busy machine may take some for long.
  for (let i = 2; inPlace <= 20; i++) {
    const call = step(a, b)
    try {
      if (w.item() === i) inPlace++
    } catch (error) {
      expect(error).toEqual(busy)
    }
    await call
  }
})

test.runIf(backendsUnderTest.includes('native'))(
  'a step over memory that can be detached holds the event loop: JavaScript does nothing beside it',
  async () => {
    bg.setBackend('native')
    const long = (w: Tensor) =>
      compile((a: Tensor) => {
        let y = w
        for (let i = 0; i < 60; i++) y = y.mul(a).exp().log()
        return y.sum()
      })
    const ones = new Float32Array(250_000).fill(1)
    const [apart, beside] = [long(new nn.Parameter(ones)), long(new Tensor(ones))]
    const one = bg.ones([1])
    for (const step of [apart, beside]) step.sync(one)
    /** Turns of the event loop until the step is over that is called behind another. */
    const turns = async (step: typeof apart): Promise<number> => {
      const first = apart(one)
      let over = false
      const second = step(one).then(() => {
        over = true
      })
      await first
      let count = 0
      for (; !over; count++) await new Promise(resolve => setImmediate(resolve))
      await second
      return count
    }
    expect(await turns(apart)).toBeGreaterThan(20)
    expect(await turns(beside)).toBeLessThan(5)
  },
)
