// Models of layers against PyTorch: the names of their state, what they give, every gradient.

import { describe, expect, it } from 'vitest'
import { type DType, nn, ones, tensor } from '../../lib/index.js'
import { expectClose, fixture, read } from './fixture.js'

const { Embedding, Flatten, GELU, LayerNorm, Linear, ReLU, Sequential, Sigmoid, Softmax, Tanh } = nn

/** By the names in test/fixtures/nn.py. */
const models: Readonly<Record<string, (dtype: 'float32' | 'float64') => nn.Sequential>> = {
  mlp: dtype =>
    new Sequential(
      new Linear(4, 6, { dtype }),
      new ReLU(),
      new LayerNorm(6, { dtype }),
      new Linear(6, 3, { bias: false, dtype }),
      new Tanh(),
    ),
  nested: dtype =>
    new Sequential(
      new Flatten(),
      new Sequential(new Linear(6, 4, { dtype }), new GELU()),
      new Sequential(new Linear(4, 4, { dtype }), new Sigmoid()),
      new Softmax(-1),
    ),
  words: dtype =>
    new Sequential(
      new Embedding(7, 4, { paddingIdx: 0, dtype }),
      new LayerNorm([3, 4], { dtype }),
      new GELU({ approximate: 'tanh' }),
      new Flatten(),
      new Linear(12, 2, { dtype }),
    ),
}

describe.each(['float64', 'float32'] as const)('as PyTorch in %s', dtype => {
  it.each(fixture.modules)('$name', ({ name, state, input, output, upstream, grads }) => {
    const model = models[name](dtype)
    expect(Object.keys(model.stateDict())).toEqual(state.map(([key]) => key))
    model.loadStateDict(Object.fromEntries(state.map(([key, value]) => [key, read(value, dtype)])))
    const result = model.forward(read(input, dtype))
    expectClose('output', result, output)
    result.backward(read(upstream, dtype))
    const found = model.namedParameters()
    expect(found.map(([key]) => key)).toEqual(grads.map(([key]) => key))
    for (const [i, [key, expected]] of grads.entries()) expectClose(key, found[i][1].grad, expected)
  })
})

describe('layers', () => {
  it('keep their dtype', () => {
    const dtypes: DType[] = ['float32', 'float64']
    for (const dtype of dtypes) {
      const layer = new Linear(2, 3, { dtype })
      expect([layer.weight.dtype, layer.forward(ones([1, 2], { dtype })).dtype]).toEqual([dtype, dtype])
    }
  })

  it('normalise without a weight, over several axes', () => {
    const layer = new LayerNorm([2, 2], { elementwiseAffine: false, eps: 0 })
    const result = layer.forward(
      tensor([
        [
          [1, 1],
          [3, 3],
        ],
      ]),
    )
    expect(result.toArray()).toEqual([
      [
        [-1, -1],
        [1, 1],
      ],
    ])
  })

  it('softmax and flatten take axes', () => {
    expect(new Softmax(0).forward(ones([2, 1])).toArray()).toEqual([[0.5], [0.5]])
    expect(new Flatten(0, 1).forward(ones([2, 3, 4])).shape).toEqual([6, 4])
  })
})
