// Gradient clipping, against PyTorch's.

import { describe, expect, it } from 'vitest'
import { nn, optim, Tensor, tensor } from '../../lib/index.js'
import { expectClose, fixture, setGradients, startParameters } from './fixture.js'

describe.each(['float64', 'float32'] as const)('clipGradNorm in %s', dtype => {
  it.each(fixture.clipping)('normType $normType, maxNorm $maxNorm', ({ normType, maxNorm, total, grads }) => {
    const parameters = startParameters(dtype)
    setGradients(parameters, 0)
    const storages = parameters.map(parameter => parameter.grad?.storage)
    const found = optim.clipGradNorm(parameters, maxNorm, { normType: normType === 'inf' ? Infinity : normType })
    const tolerance = dtype === 'float64' ? 1e-13 : 1e-6
    expect([found.shape, found.dtype, found.requiresGrad]).toEqual([[], dtype, false])
    expectClose('norm', found.data, [total], tolerance)
    for (const [i, expected] of grads.entries()) {
      expect(parameters[i].grad?.storage).toBe(storages[i])
      expectClose(`gradient ${i}`, parameters[i].grad?.data ?? [], expected, tolerance)
    }
  })
})

describe('clipping', () => {
  const withGrad = (gradient: number[], dtype: 'float32' | 'float64' = 'float32') => {
    const parameter = new nn.Parameter(gradient, { dtype })
    parameter.grad = tensor(gradient, { dtype })
    return parameter
  }

  it('has a norm of 0 where nothing has a gradient', () => {
    expect(optim.clipGradNorm([new nn.Parameter([1])], 1).item()).toBe(0)
    expect(optim.clipGradNorm([], 1).item()).toBe(0)
  })

  it('takes one tensor, parameters without gradients, and mixed dtypes', () => {
    const [a, b] = [withGrad([3]), withGrad([4], 'float64')]
    const total = optim.clipGradNorm([a, new nn.Parameter([9]), b], 1)
    expect([total.item(), total.dtype]).toEqual([5, 'float64'])
    expect(a.grad?.item()).toBeCloseTo(0.6, 6)
    expect(b.grad?.item()).toBeCloseTo(0.8, 6)
    expect(optim.clipGradNorm(a, 10).item()).toBeCloseTo(0.6, 6)
  })

  it('scales each gradient once, though the parameters got the same', () => {
    const [a, b] = [new Tensor([1, 1]), new Tensor([2, 2])]
    a.add(b).sum().backward()
    optim.clipGradNorm([a, b, a], 1)
    for (const { grad } of [a, b]) expect(grad?.data[0]).toBeCloseTo(0.5, 5)
  })

  it('limits values', () => {
    const parameter = withGrad([-3, 0.5, 2, Number.NaN])
    const version = parameter.grad?.storage.version ?? 0
    optim.clipGradValue([parameter], 1)
    expect(parameter.grad?.toArray()).toEqual([-1, 0.5, 1, Number.NaN])
    expect(parameter.grad?.storage.version).toBe(version + 1)
  })

  it('names mistakes', () => {
    expect(() => optim.clipGradNorm([], -1)).toThrow('clipGradNorm: expected maxNorm to be 0 or more, got -1')
    expect(() => optim.clipGradNorm([], 1, { normType: 0 })).toThrow('clipGradNorm: expected normType to be above 0')
    expect(() => optim.clipGradNorm([1 as never], 1)).toThrow('clipGradNorm: expected Tensors, got 1')
    expect(() => optim.clipGradValue([], Number.NaN)).toThrow(
      'clipGradValue: expected maxValue to be 0 or more, got NaN',
    )
  })
})

it('gradients that share their elements count once', () => {
  const [a, b] = [new Tensor([0, 0]), new Tensor([0, 0])]
  a.grad = tensor([3, 4])
  b.grad = a.grad.detach()
  expect(optim.clipGradNorm([a, b], 1).item()).toBe(5)
  expect(a.grad.norm().item()).toBeCloseTo(1)
})
