// What a compiled function may put into `.grad` itself: the tensors that it is given, writes out, makes, or finds outside.

import { describe, expect } from 'vitest'
import { compile } from '../../lib/compile/compile.js'
import { Tensor, tensor } from '../../lib/index.js'
import { backendsUnderTest } from '../support/backends.js'
import { testsOn } from './support/on-backend.js'

describe.each(backendsUnderTest)('on %s', backend => {
  const on = testsOn(backend)
  const leaf = (): Tensor => new Tensor([1, 2])
  const read = (x: Tensor): unknown => x.grad?.toArray()

  on('an argument: its elements, in memory of the gradient’s own', () => {
    const x = leaf()
    const step = compile((g: Tensor) => {
      x.grad = g
      return g
    })
    const g = tensor([5, 6])
    expect(step.sync(g).toArray()).toEqual([5, 6])
    expect(read(x)).toEqual([5, 6])
    x.mul(1).sum().backward()
    expect([read(x), g.toArray()]).toEqual([
      [6, 7],
      [5, 6],
    ])
    step.sync(tensor([7, 8]))
    expect(read(x)).toEqual([7, 8])
  })

  on('numbers that are written out: the same at each run, whatever is added in between or within', () => {
    const x = leaf()
    const set = compile(() => {
      x.grad = tensor([5, 6])
      return x.mul(1)
    })
    const add = compile(() => {
      x.grad = tensor([5, 6])
      x.mul(2).sum().backward()
      return x.grad
    })
    for (let i = 0; i < 2; i++) {
      set.sync()
      expect(read(x)).toEqual([5, 6])
      x.sum().backward()
      expect(read(x)).toEqual([6, 7])
      expect(add.sync().toArray()).toEqual([7, 8])
      expect(read(x)).toEqual([7, 8])
    }
  })

  on('one gradient for two tensors: both have it, also in another shape', () => {
    const [x, y, z] = [leaf(), leaf(), new Tensor([[1, 2]])]
    const step = compile(() => {
      x.mul(2).sum().backward()
      y.grad = x.grad
      z.grad = (x.grad as Tensor).reshape([1, 2])
      return x.mul(1)
    })
    step.sync()
    expect([x, y, z].map(read)).toEqual([[2, 2], [2, 2], [[2, 2]]])
    expect(y.grad?.storage).toBe(x.grad?.storage)
  })

  on('a tensor from outside: that very tensor, added to as eager code adds', () => {
    const [x, g, plain] = [leaf(), new Tensor([3, 4]), tensor([3, 4])]
    compile(() => {
      x.grad = plain
      return x.mul(1)
    }).sync()
    expect(x.grad).toBe(plain)
    const add = compile(() => {
      x.grad = g
      x.sum().backward()
      return x.mul(1)
    })
    add.sync()
    add.sync()
    expect(x.grad).toBe(g)
    expect(g.toArray()).toEqual([5, 6])
  })
})
