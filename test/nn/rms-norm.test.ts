// RMSNorm: its state, several axes, and the mistakes it names. Values and gradients are held against PyTorch elsewhere.

import { describe, expect, it } from 'vitest'
import { nn, ones, tensor } from '../../lib/index.js'

describe('RMSNorm', () => {
  it('has a weight of ones under PyTorch’s name', () => {
    const layer = new nn.RMSNorm(3)
    expect(Object.entries(layer.stateDict()).map(([key, value]) => [key, value.toArray()])).toEqual([
      ['weight', [1, 1, 1]],
    ])
    expect(`${layer}`).toBe('RMSNorm(normalizedShape=[3], elementwiseAffine=true)')
    expect(`${new nn.RMSNorm([2, 3], { eps: 0.5, elementwiseAffine: false })}`).toBe(
      'RMSNorm(normalizedShape=[2, 3], eps=0.5, elementwiseAffine=false)',
    )
  })

  it('divides by the root of the mean of squares, over several axes too', () => {
    const x = tensor([
      [
        [1, 7],
        [5, 5],
      ],
    ])
    const layer = new nn.RMSNorm([2, 2], { eps: 0 })
    layer.weight?.assign(
      tensor([
        [1, 2],
        [3, 4],
      ]),
    )
    expect(layer.forward(x).toArray()).toEqual([[[0.2, 2.8].map(Math.fround), [3, 4]]])
  })

  it('names what is wrong', () => {
    const { rmsNorm } = nn.functional
    expect(() => rmsNorm(ones([2, 3]), ones([2]))).toThrow('rmsNorm: expected last axes of [2], got shape [2, 3]')
    expect(() => rmsNorm(ones([2, 3], { dtype: 'int32' }))).toThrow('rmsNorm: expected float32 or float64, got int32')
    expect(() => rmsNorm(ones([2, 3]), ones([3], { dtype: 'float64' }))).toThrow(
      'rmsNorm: expected weight of float32 as the input, got float64',
    )
    expect(() => rmsNorm(ones([2, 3]), null, { eps: -1 })).toThrow('rmsNorm: expected eps to be 0 or more, got -1')
    expect(() => new nn.RMSNorm([])).toThrow('RMSNorm: expected at least one axis, got []')
  })
})
