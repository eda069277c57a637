// A tensor whose buffer was transferred to another thread has no elements any more: every use says so.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { data, embedding, getBackend, io, ones, optim, setBackend, Tensor } from '../../lib/index.js'
import { backendsUnderTest } from '../support/backends.js'

function transfer(t: Tensor): Tensor {
  structuredClone(t.data, { transfer: [t.data.buffer as ArrayBuffer] })
  return t
}

const gone = 'got one of shape [40] whose buffer was transferred elsewhere'

describe.each(backendsUnderTest)('on %s', backend => {
  const before = getBackend()
  beforeAll(() => setBackend(backend))
  afterAll(() => setBackend(before))

  test.each<[string, (t: Tensor) => unknown, string]>([
    ['an op', t => t.add(1), `add: expected a tensor with its elements, ${gone}`],
    ['a reduction', t => t.sum(), `sum: expected a tensor with its elements, ${gone}`],
    ['a lookup', t => embedding(t.reshape([20, 2]), [1]), 'take: expected a tensor with its elements'],
    ['a copy', t => t.clone(), gone],
    ['a source', t => ones([40]).assign(t), 'expected a with at least 40 elements'],
    ['a target', t => t.assign(ones([40])), 'expected out with at least 40 elements'],
    ['data', t => t.data, `data: expected a tensor with its elements, ${gone}`],
    ['toArray', t => t.toArray(), `toArray: expected a tensor with its elements, ${gone}`],
    ['saving', t => io.encodeSafetensors({ t }), gone],
    ['a dataset', t => new data.TensorDataset(t).get(0), 'expected a with at least 40 elements'],
  ])('%s', (_, use, message) => {
    const t = transfer(ones([40]))
    expect(() => use(t)).toThrow(message)
  })

  test('printing says where they went', () => {
    expect(String(transfer(ones([40])))).toBe('Tensor(<transferred>, shape=[40], dtype=float32)')
  })

  test('item', () => {
    expect(() => transfer(ones([])).item()).toThrow('item: expected a tensor with its elements')
  })

  test('backward, where a saved value is gone', () => {
    const x = new Tensor(new Float32Array(40))
    const y = x.mul(x).sum()
    transfer(x)
    expect(() => y.backward()).toThrow(gone)
  })

  test('an optimizer leaves the parameter alone', () => {
    const x = new Tensor(new Float32Array(40))
    x.grad = transfer(ones([40]))
    expect(() => new optim.SGD([x], { lr: 1 }).step()).toThrow('sgd: expected g')
    expect(x.data.every(value => value === 0)).toBe(true)
  })
})
