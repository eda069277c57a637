// What all optimizers share: groups, settings that can be changed, checks, what a step touches.

import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { nn, ones, optim, Tensor, tensor, zeros } from '../../lib/index.js'

const { Adam, AdamW, SGD } = optim
const { Parameter } = nn

const withGrad = (values: number[], gradient: number[]): nn.Parameter => {
  const parameter = new Parameter(values, { dtype: 'float64' })
  parameter.grad = tensor(gradient, { dtype: 'float64' })
  return parameter
}

describe('a step', () => {
  it('changes parameters with a gradient, in place, and raises their version', () => {
    const [moved, still] = [withGrad([1, 2], [1, 1]), new Parameter([1])]
    const versions = [moved.storage.version, still.storage.version]
    new SGD([moved, still], { lr: 0.5 }).step()
    expect(moved.toArray()).toEqual([0.5, 1.5])
    expect(still.toArray()).toEqual([1])
    expect([moved.storage.version, still.storage.version]).toEqual([versions[0] + 1, versions[1]])
    expect([moved.requiresGrad, moved.isLeaf]).toEqual([true, true])
  })

  it('is seen by a graph that saved the parameter', () => {
    const parameter = withGrad([1, 2], [1, 1])
    const loss = parameter.mul(parameter).sum()
    new SGD([parameter]).step()
    expect(() => loss.backward()).toThrow(/changed in place/)
  })

  it('forgets gradients with zeroGrad', () => {
    const parameter = withGrad([1], [1])
    const optimizer = new Adam([parameter])
    optimizer.zeroGrad()
    expect(parameter.grad).toBe(null)
    optimizer.step()
    expect(parameter.toArray()).toEqual([1])
    expect(optimizer.stateDict().state['0.step'].item()).toBe(0)
  })

  it('takes parameters without elements, and frozen ones', () => {
    const empty = new Parameter(zeros([0, 3]))
    empty.grad = zeros([0, 3])
    const frozen = new Parameter([1], { requiresGrad: false })
    const optimizer = new AdamW([empty, frozen])
    optimizer.step()
    expect(frozen.toArray()).toEqual([1])
  })

  it('trains a model', () => {
    const model = new nn.Sequential(new nn.Linear(1, 8), new nn.Tanh(), new nn.Linear(8, 1))
    const x = tensor([[-1], [-0.5], [0], [0.5], [1]])
    const y = x.mul(x)
    const optimizer = new Adam(model.parameters(), { lr: 0.05 })
    const losses: number[] = []
    for (let i = 0; i < 150; i++) {
      optimizer.zeroGrad()
      const loss = nn.functional.mseLoss(model.forward(x), y)
      loss.backward()
      optimizer.step()
      losses.push(loss.item())
    }
    expect(losses[losses.length - 1]).toBeLessThan(0.01)
    expect(losses[losses.length - 1]).toBeLessThan(0.2 * losses[0])
  })
})

describe('any optimizer', () => {
  it('can be taken by one function', () => {
    const halve = (optimizer: optim.Optimizer): number => (optimizer.lr /= 2)
    const parameters = new Set([new Parameter([1])])
    expect([new SGD(parameters), new Adam(parameters), new AdamW(parameters)].map(halve)).toEqual([5e-4, 5e-4, 5e-4])
  })
})

describe('groups', () => {
  it('take settings of their own and the optimizer’s for the rest', () => {
    const [a, b] = [new Parameter([1]), new Parameter([2])]
    const optimizer = new Adam(
      [
        { params: [a], lr: 0.1 },
        { params: [b], betas: [0.5, 0.6] },
      ],
      { lr: 0.01, eps: 1e-4 },
    )
    expect(optimizer.paramGroups.map(({ params, ...settings }) => settings)).toEqual([
      { lr: 0.1, betas: [0.9, 0.999], eps: 1e-4, weightDecay: 0 },
      { lr: 0.01, betas: [0.5, 0.6], eps: 1e-4, weightDecay: 0 },
    ])
    expect(optimizer.paramGroups[1].params).toEqual([b])
    expect(new AdamW([a]).paramGroups[0].weightDecay).toBe(0.01)
  })

  it('change at any time, seen by the next step', () => {
    const [a, b] = [withGrad([0], [1]), withGrad([0], [1])]
    const optimizer = new SGD([{ params: [a] }, { params: [b] }], { lr: 1 })
    optimizer.paramGroups[1].lr = 10
    optimizer.step()
    expect([a.item(), b.item(), optimizer.lr]).toEqual([-1, -10, 1])
    optimizer.lr = 2
    optimizer.step()
    expect([a.item(), b.item()]).toEqual([-3, -12])
    optimizer.paramGroups[0].momentum = 0.5
    optimizer.step()
    optimizer.step()
    expect([a.item(), b.item()]).toEqual([-3 - 2 - 3, -16])
    expect(Object.keys(optimizer.stateDict().state)).toEqual(['0.velocity'])
  })

  it('print with their values', () => {
    expect(inspect(new SGD([new Parameter([1])]).paramGroups[0])).toContain('lr: 0.001')
  })

  it('can be added', () => {
    const [a, b] = [withGrad([0], [1]), withGrad([0], [1])]
    const optimizer = new SGD([a], { lr: 1 })
    optimizer.addParamGroup({ params: [b], lr: 3 })
    optimizer.step()
    expect([a.item(), b.item()]).toEqual([-1, -3])
    expect(() => optimizer.addParamGroup({ params: [a] })).toThrow('SGD: expected each parameter once')
    expect(optimizer.paramGroups.length).toBe(2)
  })
})

describe('mistakes', () => {
  const parameter = () => new Parameter([1])

  it('in options', () => {
    expect(() => new SGD([parameter()], { lr: -1 })).toThrow(
      'SGD: expected lr to be a finite number, 0 or more, got -1',
    )
    expect(() => new Adam([parameter()], { lr: Number.NaN })).toThrow('Adam: expected lr to be a finite number')
    expect(() => new Adam([parameter()], { betas: [0.9, 1] })).toThrow(
      'Adam: expected betas to be two numbers in [0, 1), got [0.9, 1]',
    )
    expect(() => new SGD([parameter()], { momentun: 0.9 } as never)).toThrow(
      'SGD: expected options lr, momentum, weightDecay, nesterov, got momentun',
    )
    expect(() => new SGD([parameter()], { nesterov: true })).toThrow('SGD: nesterov needs a momentum above 0')
    expect(() => new AdamW([{ params: [parameter()], eps: 'a' as never }])).toThrow('AdamW: expected eps to be')
  })

  it('in settings, which then stay', () => {
    const optimizer = new SGD([parameter()], { lr: 0.1, momentum: 0.9, nesterov: true })
    expect(() => {
      optimizer.paramGroups[0].momentum = 0
    }).toThrow('nesterov needs a momentum above 0')
    expect(() => {
      optimizer.lr = -0.1
    }).toThrow('expected lr')
    expect({ ...optimizer.paramGroups[0] }).toMatchObject({ lr: 0.1, momentum: 0.9, nesterov: true })
  })

  it('in parameters', () => {
    const one = parameter()
    expect(() => new SGD([])).toThrow('SGD: expected at least one parameter, got none')
    expect(() => new SGD(one as never)).toThrow('SGD: expected an array of parameters or of groups, got Parameter')
    expect(() => new SGD([one, one])).toThrow('SGD: expected each parameter once, got params[1] again')
    expect(() => new SGD([{ params: [one] }, { params: [one] }])).toThrow('SGD: expected each parameter once')
    expect(() => new SGD([new Tensor([1]).mul(2)])).toThrow('SGD: expected params[0] to be a leaf')
    expect(() => new SGD([ones([2], { dtype: 'int32' })])).toThrow(
      'expected params[0] to be float32 or float64, got int32',
    )
    expect(() => new SGD([1 as never])).toThrow('SGD: expected params[0] to be a Tensor, got 1')
    expect(() => new SGD([{ params: one } as never])).toThrow('expected a group with an array of params, got Parameter')
    expect(() => new SGD([{ params: [one] }, parameter()] as never)).toThrow('expected a group with an array of params')
  })

  it('tied weights are one parameter', () => {
    const [first, second] = [new nn.Linear(2, 2), new nn.Linear(2, 2)]
    second.weight = first.weight
    const optimizer = new SGD(new nn.Sequential(first, second).parameters())
    expect(optimizer.paramGroups[0].params.length).toBe(3)
  })
})
