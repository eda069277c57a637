// Two copies of the package in one process: what one made is no tensor to the other, and messages say so.

import { expect, test, vi } from 'vitest'
import * as bg from '../../lib/index.js'
import { nn, optim, tensor } from '../../lib/index.js'

vi.resetModules()
const other = (await import('../../lib/index.js')) as typeof bg

class Net extends nn.Module {
  constructor(readonly member: unknown) {
    super()
  }
  override forward(): void {}
}

test.each<[string, () => unknown]>([
  ['Tensor', () => tensor([1]).add(other.tensor([1]) as never)],
  ['Tensor', () => tensor([1]).assign(other.tensor([1]) as never)],
  ['Tensor', () => bg.compile(x => (x as bg.Tensor).mul(1)).sync(other.tensor([1]) as never)],
  ['Tensor', () => bg.io.encodeSafetensors({ x: other.tensor([1]) as never })],
  ['Tensor', () => new nn.Linear(1, 1).loadStateDict(new other.nn.Linear(1, 1).stateDict() as never)],
  ['Parameter', () => new optim.SGD([new other.nn.Parameter([1]) as never], { lr: 1 })],
  ['Linear', () => new nn.Sequential(new other.nn.Linear(1, 1) as never)],
  ['Linear', () => new Net(new other.nn.Linear(1, 1)).parameters()],
  ['Parameter', () => new Net([{ a: new other.nn.Parameter([1]) }]).parameters()],
])('%s: %s', (name, call) => {
  expect(other.Tensor).not.toBe(bg.Tensor)
  expect(call).toThrow(`got ${name} of another copy of blasgrad`)
})
