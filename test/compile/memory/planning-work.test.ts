// The first call of a long step: recording and planning take work in proportion to the calls, however long values live.

import { afterAll, expect, test } from 'vitest'
import type { Tensor } from '../../../lib/index.js'
import { WorkCounter } from '../../support/work.js'

const counter = new WorkCounter()
await counter.start()
afterAll(() => counter.stop())
const { compile, nn, optim, randn, stack, zeros } = await import('../../../lib/index.js')

/** A training step of a recurrent cell over the rows of its argument: about 29 calls a row, kept to the backward. */
function unrolled(): (rows: Tensor) => Tensor {
  const cell = new nn.LSTMCell(3, 2)
  const optimizer = new optim.SGD(cell.parameters(), { lr: 0.1 })
  return rows => {
    let state: [Tensor, Tensor] = [zeros([2, 2]), zeros([2, 2])]
    const outputs: Tensor[] = []
    for (let at = 0; at < rows.shape[0]; at++) {
      state = cell.forward(rows.slice([at, at + 1]).squeeze(0), state)
      outputs.push(state[0])
    }
    const loss = stack(outputs).pow(2).sum()
    optimizer.zeroGrad()
    loss.backward()
    optimizer.step()
    return loss
  }
}

/** Rows whose values live only from one to the next: the state is a parameter of the next row. */
const chained = (): ((rows: Tensor) => Tensor) => rows => {
  let value = rows.slice([0, 1])
  for (let at = 1; at < rows.shape[0]; at++)
    value = value
      .mul(rows.slice([at, at + 1]))
      .tanh()
      .sum(-1, { keepdims: true })
  return value
}

test.each([
  ['with gradients', unrolled],
  ['without', chained],
])('four times the calls, about four times the work: %s', async (_, makeStep) => {
  const workOf = (rows: number): Promise<number> => {
    const step = compile(makeStep())
    const argument = randn([rows, 2, 3])
    return counter.count(/\/lib\/(compile|core|autograd|ops)\//, () => void step.sync(argument))
  }
  const [short, long] = [await workOf(50), await workOf(200)]
  expect(short).toBeGreaterThan(10_000)
  expect(long / short).toBeLessThan(4.9)
})
