// stateDict and loadStateDict.

import { describe, expect, it } from 'vitest'
import { full, nn, ones, tensor, zeros } from '../../lib/index.js'

const { Linear, Sequential } = nn

const make = () => new Sequential(new Linear(2, 3), new nn.ReLU(), new Linear(3, 1, { dtype: 'float64' }))

describe('stateDict', () => {
  it('gives detached tensors that share the elements', () => {
    const model = make()
    const state = model.stateDict()
    expect(Object.keys(state)).toEqual(['0.weight', '0.bias', '2.weight', '2.bias'])
    expect(state['0.weight'].requiresGrad).toBe(false)
    expect(state['0.weight'].storage).toBe(model.at(0).weight.storage)
  })
})

describe('loadStateDict', () => {
  it('copies into the same storage, in its own dtype', () => {
    const [from, to] = [make(), make()]
    const storages = to.parameters().map(parameter => parameter.storage)
    const versions = storages.map(storage => storage.version)
    const state = { ...from.stateDict(), '2.bias': full([1], 0.1) }
    expect(to.loadStateDict(state)).toEqual({ missingKeys: [], unexpectedKeys: [] })
    expect(to.parameters().map(parameter => parameter.storage)).toEqual(storages)
    expect(to.parameters().every((parameter, i) => parameter.storage === storages[i])).toBe(true)
    expect(storages.every((storage, i) => storage.version > versions[i])).toBe(true)
    expect(to.at(0).weight.toArray()).toEqual(from.at(0).weight.toArray())
    expect(to.at(2).bias?.dtype).toBe('float64')
    expect(to.at(2).bias?.item()).toBe(Math.fround(0.1))
    expect(to.at(0).weight.requiresGrad).toBe(true)
  })

  it('lists everything that is wrong, and copies nothing then', () => {
    const model = make()
    const before = model.parameters().map(parameter => parameter.toArray())
    const state = {
      '0.weight': zeros([3, 2]),
      '0.bias': zeros([2]),
      '2.bias': [0] as never,
      other: ones([1]),
      another: ones([1]),
    }
    expect(() => model.loadStateDict(state)).toThrow(
      [
        'loadStateDict: the state does not fit Sequential:',
        '  missing keys: 2.weight',
        '  unexpected keys: other, another',
        '  0.bias: expected shape [3], got [2]',
        '  2.bias: expected a Tensor, got [0]',
      ].join('\n'),
    )
    expect(model.parameters().map(parameter => parameter.toArray())).toEqual(before)
    expect(() => model.loadStateDict(undefined as never)).toThrow('expected an object of named tensors, got undefined')
  })

  it('takes part of the state where it is not strict, but no wrong shape', () => {
    const model = make()
    const result = model.loadStateDict({ '0.bias': tensor([1, 2, 3]), other: ones([1]) }, { strict: false })
    expect(result).toEqual({ missingKeys: ['0.weight', '2.weight', '2.bias'], unexpectedKeys: ['other'] })
    expect(model.at(0).bias?.toArray()).toEqual([1, 2, 3])
    const misfit = { '0.bias': zeros([3]), '0.weight': zeros([2, 3]) }
    expect(() => model.loadStateDict(misfit, { strict: false })).toThrow('0.weight: expected shape [3, 2], got [2, 3]')
    expect(model.at(0).bias?.toArray()).toEqual([1, 2, 3])
  })

  it('is seen by a graph that saved the old values', () => {
    const model = new Linear(2, 1)
    const x = nn.init.ones(new nn.Parameter(zeros([1, 2])))
    const loss = model.forward(x).sum()
    model.loadStateDict(new Linear(2, 1).stateDict())
    expect(() => loss.backward()).toThrow(/changed in place/)
  })
})
