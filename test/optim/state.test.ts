// Saving an optimizer midway and going on elsewhere.

import { describe, expect, it } from 'vitest'
import { nn, optim, Tensor, tensor } from '../../lib/index.js'
import { fixture, makeOptimizer, type Run, setGradients, startParameters } from './fixture.js'

function steps(optimizer: optim.SGD | optim.Adam, parameters: readonly nn.Parameter[], from: number, to: number): void {
  for (let i = from; i < to; i++) {
    setGradients(parameters, i)
    optimizer.step()
  }
}

/** A copy, as it comes back from a file. */
function copyOf({ state, groups }: optim.OptimizerState): optim.OptimizerState {
  const tensors = Object.entries(state).map(([key, value]) => [key, tensor(value.data.slice(), { shape: value.shape })])
  return { state: Object.fromEntries(tensors), groups: JSON.parse(JSON.stringify(groups)) }
}

const runs: readonly Run[] = fixture.runs.filter(run => run.dtype === 'float32')

describe('saved and loaded midway', () => {
  it.each(runs)('$name goes on identically', run => {
    const parameters = startParameters('float32')
    const optimizer = makeOptimizer(run, parameters)
    steps(optimizer, parameters, 0, 10)
    const saved = copyOf(optimizer.stateDict())
    const others = parameters.map(parameter => new nn.Parameter(parameter.data, { shape: parameter.shape }))
    const other = new optim[run.kind](run.groups === null ? others : others.map(p => ({ params: [p] })), { lr: 0.3 })
    other.loadStateDict(saved)
    steps(optimizer, parameters, 10, 20)
    steps(other, others, 10, 20)
    expect(others.map(p => p.toArray())).toEqual(parameters.map(p => p.toArray()))
    expect(other.stateDict().groups).toEqual(optimizer.stateDict().groups)
  })
})

const made = () => {
  const parameters = [new nn.Parameter([1, 2]), new nn.Parameter([[3]])]
  const optimizer = new optim.Adam(parameters)
  for (const parameter of parameters) parameter.grad = new Tensor(parameter.data, { shape: parameter.shape })
  optimizer.step()
  return optimizer
}

describe('stateDict', () => {
  it('is flat tensors and plain groups', () => {
    const { state, groups } = made().stateDict()
    expect(Object.keys(state)).toEqual(['0.step', '0.expAvg', '0.expAvgSq', '1.step', '1.expAvg', '1.expAvgSq'])
    expect([state['0.step'].dtype, state['0.step'].shape, state['1.expAvg'].shape]).toEqual(['float64', [], [1, 1]])
    expect(groups).toEqual([{ lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, params: [0, 1] }])
  })

  it('is copied into the memory that is there', () => {
    const [from, to] = [made(), made()]
    from.step()
    const before = to.stateDict().state
    to.loadStateDict(from.stateDict())
    expect(before['0.step'].item()).toBe(2)
    from.step()
    expect(before['0.step'].item()).toBe(2)
  })
})

describe('what does not fit', () => {
  it('is listed, and nothing is changed', () => {
    const optimizer = made()
    const before = JSON.stringify(copyOf(optimizer.stateDict()).groups)
    const good = copyOf(optimizer.stateDict())
    const { '0.step': _, ...rest } = good.state
    const groups = [{ ...good.groups[0], lr: 5 }]
    const state = { ...rest, '1.expAvg': tensor([1, 2]), '2.step': tensor(0) }
    expect(() => optimizer.loadStateDict({ state, groups })).toThrow(
      [
        'loadStateDict: the state does not fit Adam:',
        '  missing keys: 0.step',
        '  unexpected keys: 2.step',
        '  1.expAvg: expected shape [1, 1], got [2]',
      ].join('\n'),
    )
    const load =
      (groups: unknown, state: unknown = good.state) =>
      () =>
        optimizer.loadStateDict({ state, groups } as optim.OptimizerState)
    expect(load([])).toThrow('expected 1 groups, got 0')
    expect(load([{ lr: 1, params: [0, 1] }])).toThrow('groups[0]: missing betas, eps, weightDecay')
    expect(load([{ ...groups[0], params: [0] }])).toThrow('groups[0]: expected 2 params, got [0]')
    expect(load([{ ...groups[0], lr: -1 }])).toThrow('Adam: expected lr to be')
    expect(load([{ ...groups[0], momentum: 0 }])).toThrow('got momentum')
    expect(load([null])).toThrow('groups[0]: missing')
    expect(load(good.groups, null)).toThrow('expected an object of named tensors, got null')
    expect(() => optimizer.loadStateDict(null as never)).toThrow('loadStateDict: expected {state, groups}, got null')
    expect(JSON.stringify(copyOf(optimizer.stateDict()).groups)).toBe(before)
    expect(optimizer.stateDict().state['0.step'].item()).toBe(1)
  })

  it('of another optimizer', () => {
    const sgd = new optim.SGD([new nn.Parameter([1, 2]), new nn.Parameter([[3]])], { momentum: 0.9 })
    expect(() => sgd.loadStateDict(made().stateDict())).toThrow('the state does not fit SGD')
  })
})
