// A module whose layer, parameter or buffer was put in another's place is seen at the next call.

import { describe, expect, test } from 'vitest'
import { compile, nn, optim, type Tensor, tensor, zeros } from '../../lib/index.js'
import { backendsUnderTest, onBackend } from '../support/backends.js'

/** x · factor, elementwise. */
class Scale extends nn.Module {
  factor: nn.Parameter
  offset: Tensor
  constructor(factor: number) {
    super()
    this.factor = new nn.Parameter([factor])
    this.offset = this.registerBuffer('offset', tensor([0]))
  }
  override forward(x: Tensor): Tensor {
    return x.mul(this.factor).add(this.offset)
  }
}

class Twice extends nn.Module {
  override forward(x: Tensor): Tensor {
    return x.add(x)
  }
}

class Net extends nn.Module {
  body = new Scale(2)
  head: nn.Module & { forward(x: Tensor): Tensor } = new Scale(3)
  layers = [new Scale(1), new Scale(1)]
  act: nn.Module & { forward(x: Tensor): Tensor } = new nn.ReLU()
  acts: (nn.Module & { forward(x: Tensor): Tensor })[] = [new nn.ReLU()]
  override forward(x: Tensor): Tensor {
    const y = this.head.forward(this.act.forward(this.body.forward(x)))
    return [...this.layers, ...this.acts].reduce((value, layer) => layer.forward(value), y)
  }
}

describe.each(backendsUnderTest)('%s', backend => {
  const on = (name: string, fn: () => void) => test(name, () => onBackend(backend, fn))

  const replacements: readonly [string, (net: Net) => void, factor: number][] = [
    [
      'a layer',
      net => {
        net.head = new Scale(5)
      },
      10,
    ],
    [
      'two layers, exchanged with one that was there',
      net => {
        net.head = net.body
      },
      4,
    ],
    [
      'a parameter',
      net => {
        net.body.factor = new nn.Parameter([7])
      },
      21,
    ],
    [
      'an element of an array',
      net => {
        net.layers[1] = new Scale(10)
      },
      60,
    ],
    [
      'an array',
      net => {
        net.layers = [new Scale(10), new Scale(10)]
      },
      600,
    ],
    [
      'a layer without parameters',
      net => {
        net.act = new Twice()
      },
      12,
    ],
    [
      'an array of layers without parameters',
      net => {
        net.acts = [new Twice()]
      },
      12,
    ],
  ]
  for (const [name, replace, factor] of replacements) {
    on(`${name}, of a network that an optimizer has seen`, () => {
      const net = new Net()
      const optimizer = new optim.SGD(net.parameters(), { lr: 0 })
      let runs = 0
      const step = compile((x: Tensor) => {
        runs++
        optimizer.zeroGrad()
        const loss = net.forward(x).sum()
        loss.backward()
        optimizer.step()
        return loss
      })
      const predict = compile((x: Tensor) => net.forward(x).sum())
      expect([step.sync(tensor([1])).item(), step.sync(tensor([1])).item(), runs]).toEqual([6, 6, 1])
      expect(predict.sync(tensor([1])).item()).toBe(6)
      replace(net)
      expect([step.sync(tensor([1])).item(), predict.sync(tensor([1])).item()]).toEqual([factor, factor])
      // What the optimizer does not know has a gradient from now on, which is another program.
      step.sync(tensor([1]))
      const before = runs
      step.sync(tensor([1]))
      expect(runs).toBe(before)
    })
  }

  on('a buffer, and a layer that no other is beside, again and again', () => {
    const net = new Net()
    net.parameters()
    const head = compile((x: Tensor) => net.head.forward(x))
    const values: number[] = []
    for (let i = 1; i < 4; i++) {
      values.push(head.sync(tensor([1])).toArray()[0 as never])
      net.head = new Scale(i)
    }
    values.push(head.sync(tensor([1])).toArray()[0 as never])
    expect(values).toEqual([3, 1, 2, 3])
    const scale = net.head as Scale
    scale.offset = scale.registerBuffer('offset', tensor([100]))
    expect(head.sync(tensor([1])).toArray()).toEqual([103])
    scale.offset = tensor([200])
    expect(head.sync(tensor([1])).toArray()).toEqual([203])
    expect(Object.keys(net.stateDict())).toContain('head.offset')
  })

  on('what is neither a layer nor a tensor is not looked at', () => {
    class Named extends Net {
      label: unknown = 'first'
    }
    const net = new Named()
    net.parameters()
    let runs = 0
    const step = compile((x: Tensor) => {
      runs++
      return net.forward(x)
    })
    for (const label of ['first', 'second', 3, [1], { deep: [2] }, null]) {
      net.label = label
      step.sync(tensor([1]))
    }
    expect(runs).toBe(1)
  })

  for (const value of [null, undefined])
    on(`a buffer that became ${value} is none`, () => {
      const scale = new Scale(2)
      Object.assign(scale, { offset: value })
      expect(Object.keys(scale.stateDict())).toEqual(['factor'])
      const step = compile((x: Tensor) => x.mul(scale.factor))
      expect(step.sync(tensor([1])).toArray()).toEqual([2])
    })

  on('a buffer of the only module, assigned before it was ever used', () => {
    const scale = new Scale(2)
    scale.offset = tensor([9])
    const step = compile((x: Tensor) => x.add(scale.offset))
    expect(step.sync(tensor([1])).toArray()).toEqual([10])
    const copy = scale.clone()
    copy.offset = tensor([8])
    expect(
      compile((x: Tensor) => x.add(copy.offset))
        .sync(tensor([1]))
        .toArray(),
    ).toEqual([9])
    expect(step.sync(tensor([1])).toArray()).toEqual([10])
  })

  on('a buffer may not be replaced by a value of the function; it stays', () => {
    class Average extends nn.Module {
      mean = this.registerBuffer('mean', zeros([1]))
      override forward(x: Tensor): Tensor {
        this.mean = this.mean.mul(0.5).add(x)
        return this.mean
      }
    }
    const average = new Average()
    const step = compile((x: Tensor) => average.forward(x))
    for (let i = 0; i < 2; i++) {
      expect(() => step.sync(tensor([1]))).toThrow(
        'compile: the function puts another tensor in the place of the buffer mean of Average: write the values into the one that is there, with assign',
      )
    }
    expect(average.mean.toArray()).toEqual([0])
    expect(average.forward(tensor([1])).toArray()).toEqual([1])
  })

  on('a value of a compiled function that was taken outside is told as such', async () => {
    const taken: Tensor[] = []
    const step = compile((x: Tensor) => {
      taken.push(x.mul(2))
      return x.add(taken[0])
    })
    expect(step.sync(tensor([1])).toArray()).toEqual([3])
    const why = 'got one of shape [1] which stands for a value of a compiled function: return it from there'
    expect(() => taken[0].add(1)).toThrow(`add: expected a tensor with its elements, ${why}`)
    expect(() => taken[0].toArray()).toThrow(`toArray: expected a tensor with its elements, ${why}`)
    expect(() => step.sync(taken[0])).toThrow(`compile: expected a tensor with its elements, ${why}`)
    await expect(step(taken[0])).rejects.toThrow(`compile: expected a tensor with its elements, ${why}`)
    expect(() => compile(() => taken[0].add(1)).sync()).toThrow('stands for a value of another compiled function')
  })

  on('what a function notes in a module is no member', () => {
    class Noting extends Scale {
      last: Tensor | null = null
      override forward(x: Tensor): Tensor {
        this.last = super.forward(x)
        return this.last
      }
    }
    const net = new Noting(2)
    net.parameters()
    let runs = 0
    const step = compile((x: Tensor) => {
      runs++
      return net.forward(x)
    })
    for (const size of [1, 2, 1, 2]) step.sync(tensor(new Array(size).fill(1)))
    expect(runs).toBe(2)
  })
})
