// Making tensors, reading them, their dtypes and how they print.

import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import * as bg from '../../lib/index.js'
import { Tensor, tensor } from '../../lib/index.js'

describe('values', () => {
  test('a number, nested arrays, typed arrays', () => {
    expect(tensor(3).shape).toEqual([])
    expect(
      tensor([
        [1, 2, 3],
        [4, 5, 6],
      ]).shape,
    ).toEqual([2, 3])
    expect(tensor(new Float32Array(6), { shape: [2, 3] }).shape).toEqual([2, 3])
    expect(tensor([]).shape).toEqual([0])
    expect(tensor([[], []]).shape).toEqual([2, 0])
  })

  test('dtype: float32, or a typed array’s own, or bool', () => {
    expect(tensor([1, 2]).dtype).toBe('float32')
    expect(tensor([true, false]).dtype).toBe('bool')
    expect(tensor(new Float64Array(1)).dtype).toBe('float64')
    expect(tensor(new Int32Array(1)).dtype).toBe('int32')
    expect(tensor(new Uint8Array(1)).dtype).toBe('uint8')
    expect(tensor([0, 2], { dtype: 'bool' }).toArray()).toEqual([false, true])
    expect(tensor([1.9, -1.9], { dtype: 'int32' }).toArray()).toEqual([1, -1])
  })

  test('typed arrays are copied in', () => {
    const source = Float32Array.of(1, 2)
    const t = tensor(source)
    source[0] = 9
    expect(t.toArray()).toEqual([1, 2])
  })

  test.each<[string, () => unknown]>([
    [
      'Tensor: nested arrays are ragged: expected an array of 2 at depth 1, got an array of 1',
      () => tensor([[1, 2], [3]]),
    ],
    ['Tensor: nested arrays are ragged: expected a number at depth 1, got an array of 1', () => tensor([1, [2]])],
    ['Tensor: nested arrays are ragged: expected an array of 2 at depth 1, got 3', () => tensor([[1, 2], 3])],
    ['Tensor: expected numbers or booleans, got "a"', () => tensor(['a'] as never)],
    ['Tensor: expected 6 values for shape [2, 3], got 5', () => tensor([1, 2, 3, 4, 5], { shape: [2, 3] })],
    ['Tensor: expected a shape of non-negative integers', () => tensor([1], { shape: [-1] })],
    [
      'Tensor: expected a dtype (bool, uint8, int32, float32, float64), got float16',
      () => tensor([1], { dtype: 'float16' as never }),
    ],
    [
      'Tensor: expected a Float32Array, Float64Array, Int32Array or Uint8Array, got BigInt64Array(1)',
      () => tensor(new BigInt64Array(1)),
    ],
    ['Tensor: expected numbers or booleans, got undefined', () => tensor(undefined as never)],
    [
      'requiresGrad: expected a float32 or float64 tensor, got int32',
      () => new Tensor([1], { dtype: 'int32', requiresGrad: true }),
    ],
  ])('%s', (message, make) => {
    expect(make).toThrow(message)
  })

  test('only float leaves want gradients', () => {
    expect(new Tensor([1], { dtype: 'int32' }).requiresGrad).toBe(false)
    const y = new Tensor([1]).mul(2)
    expect(() => {
      y.requiresGrad = false
    }).toThrow('requiresGrad: can be changed on leaves only')
  })
})

describe('creation', () => {
  test('filled and counted', () => {
    expect(bg.zeros([2, 2]).toArray()).toEqual([
      [0, 0],
      [0, 0],
    ])
    expect(bg.ones(3, { dtype: 'int32' }).toArray()).toEqual([1, 1, 1])
    expect(bg.full([2], 7).dtype).toBe('float32')
    expect(bg.full([2], true).toArray()).toEqual([true, true])
    expect(bg.eye(2, 3).toArray()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ])
    expect(bg.arange(3).dtype).toBe('int32')
    expect(bg.arange(1, 2, 0.25).toArray()).toEqual([1, 1.25, 1.5, 1.75])
    expect(bg.arange(5, 0, -2).toArray()).toEqual([5, 3, 1])
    expect(bg.arange(3, 1).toArray()).toEqual([])
    expect(bg.linspace(0, 1, 5).toArray()).toEqual([0, 0.25, 0.5, 0.75, 1])
    expect(bg.linspace(2, 3, 1).toArray()).toEqual([2])
    expect(bg.zeros([2], { requiresGrad: true }).requiresGrad).toBe(true)
    expect(() => bg.arange(0, 1, 0)).toThrow('arange: expected finite numbers')
    expect(() => bg.randn([2], { dtype: 'int32' })).toThrow('randn: expected float32 or float64, got int32')
  })

  test('manualSeed: the same numbers again, another seed others, on every backend', () => {
    const draw = (seed: number): unknown => {
      bg.manualSeed(seed)
      return [bg.rand([5]).toArray(), bg.rand([3], { dtype: 'float64' }).toArray(), bg.randn([5]).toArray()]
    }
    expect(draw(1)).toEqual(draw(1))
    expect(draw(1)).not.toEqual(draw(2))
    expect(draw(5)).not.toEqual(draw(5 + 2 ** 32))
  })

  test('consecutive draws differ; the state can be put back', () => {
    bg.manualSeed(3)
    const state = bg.getRandomState()
    const [a, b] = [bg.rand([4]).toArray(), bg.rand([4]).toArray()]
    expect(a).not.toEqual(b)
    bg.setRandomState(state)
    expect(bg.rand([4]).toArray()).toEqual(a)
  })

  test('moments of rand and randn', () => {
    bg.manualSeed(0)
    const [u, n] = [bg.rand([100_000]), bg.randn([100_000])]
    expect(u.mean().item()).toBeCloseTo(0.5, 2)
    expect(u.min().item()).toBeGreaterThanOrEqual(0)
    expect(u.max().item()).toBeLessThan(1)
    expect(n.mean().item()).toBeCloseTo(0, 1)
    expect(n.std().item()).toBeCloseTo(1, 2)
  })
})

describe('reading', () => {
  test('item, toArray', () => {
    expect(tensor([[5]]).item()).toBe(5)
    expect(tensor([true]).item()).toBe(1)
    expect(tensor(2).toArray()).toBe(2)
    expect(() => tensor([1, 2]).item()).toThrow('item: expected one element, got shape [2]')
  })

  test('assign keeps the storage and checks', () => {
    const t = tensor([1, 2])
    const { storage } = t
    t.assign([3, 4]).assign(tensor([5, 6]))
    expect(t.storage).toBe(storage)
    expect(t.toArray()).toEqual([5, 6])
    expect(() => t.assign([1])).toThrow('assign: expected 2 values, got 1')
    expect(() => t.assign(tensor([[5, 6]]))).toThrow('assign: expected shape [2], got [1, 2]')
    expect(() => t.assign(['x', 1] as never)).toThrow('assign: expected numbers')
    expect(t.toArray()).toEqual([5, 6])
  })

  test('assign reads numbers in the dtype it writes, and makes booleans 0 or 1', () => {
    expect(new Tensor([0], { dtype: 'float64' }).assign([0.1]).item()).toBe(0.1)
    expect(tensor([0], { dtype: 'int32' }).assign([16_777_217]).item()).toBe(16_777_217)
    const flags = tensor([false, true, false]).assign(tensor([2, 0, 0.5]))
    expect(flags.to('float32').toArray()).toEqual([1, 0, 1])
    expect([...flags.data]).toEqual([1, 0, 1])
  })

  test('retainGrad changes nothing on a leaf, before its first use or after', () => {
    const x = new Tensor([1, 2]).retainGrad()
    x.mul(3).sum().backward()
    x.retainGrad().mul(3).sum().backward()
    expect(x.grad?.toArray()).toEqual([6, 6])
  })

  test('requiresGrad takes booleans; what it is already is no change, on a result neither', () => {
    const x = new Tensor([1, 2])
    expect(() => {
      x.requiresGrad = 1 as never
    }).toThrow('requiresGrad: expected true or false, got 1')
    const y = x.mul(2)
    y.requiresGrad = true
    expect(() => {
      y.requiresGrad = false
    }).toThrow('requiresGrad: can be changed on leaves only')
    y.sum().backward()
    expect(x.grad?.toArray()).toEqual([2, 2])
  })

  test('.grad takes only what fits', () => {
    expect(() => {
      new Tensor([1]).grad = 3 as never
    }).toThrow('grad: expected a Tensor or null, got 3')
    const t = new Tensor([1, 2])
    expect(() => {
      t.grad = tensor([1])
    }).toThrow('grad: expected shape [2], got [1]')
    expect(() => {
      t.grad = tensor([1, 2], { dtype: 'float64' })
    }).toThrow('grad: expected float32, got float64')
  })
})

describe('printing', () => {
  const text = (t: Tensor): string => String(t)

  test('as NumPy does', () => {
    expect(
      text(
        tensor([
          [1, 2.5],
          [-3, 4],
        ]),
      ),
    ).toBe('Tensor([[ 1.0,  2.5],\n        [-3.0,  4.0]], dtype=float32)')
    expect(text(tensor([0.1, 0.25]))).toBe('Tensor([0.10, 0.25], dtype=float32)')
    expect(text(tensor([1, 2]))).toBe('Tensor([1., 2.], dtype=float32)')
    expect(text(tensor([true, false]))).toBe('Tensor([ True, False], dtype=bool)')
    expect(text(tensor([Number.NaN, Infinity, 1]))).toBe('Tensor([nan, inf,  1.], dtype=float32)')
    expect(text(tensor([1e-10, 1]))).toBe('Tensor([1.0e-10,  1.0e+0], dtype=float32)')
    expect(text(bg.zeros([0, 3]))).toBe('Tensor([], shape=[0, 3], dtype=float32)')
    expect(text(tensor(4))).toBe('Tensor(4., dtype=float32)')
  })

  test('three axes leave an empty line between blocks; long axes are shortened', () => {
    expect(text(bg.arange(8).reshape([2, 2, 2]))).toBe(
      'Tensor([[[0, 1],\n         [2, 3]],\n\n        [[4, 5],\n         [6, 7]]], dtype=int32)',
    )
    expect(text(bg.arange(2000))).toBe('Tensor([   0,    1,    2, ..., 1997, 1998, 1999], dtype=int32)')
  })

  test('through console.log, without the graph behind it', () => {
    let y = new Tensor([1])
    for (let i = 0; i < 1000; i++) y = y.add(1)
    expect(inspect(y)).toBe('Tensor([1001.], dtype=float32, requiresGrad=true)')
    expect(inspect({ y })).toContain('Tensor([1001.]')
  })
})

describe('promotion', () => {
  const t = (dtype: bg.DType, shape: number[] = [2]): Tensor => bg.ones(shape, { dtype })

  test.each<[bg.DType, bg.DType, bg.DType]>([
    ['float32', 'float64', 'float64'],
    ['float32', 'int32', 'float32'],
    ['uint8', 'int32', 'int32'],
    ['bool', 'uint8', 'uint8'],
    ['bool', 'float64', 'float64'],
  ])('%s and %s give %s', (a, b, expected) => {
    expect(t(a).add(t(b)).dtype).toBe(expected)
    expect(t(b).mul(t(a)).dtype).toBe(expected)
  })

  test('a 0-d tensor decides only by a higher category, a number less still', () => {
    expect(t('float32').add(t('float64', [])).dtype).toBe('float32')
    expect(t('int32').add(t('float64', [])).dtype).toBe('float64')
    expect(t('uint8').add(t('int32', [])).dtype).toBe('uint8')
    expect(t('int32').add(1).dtype).toBe('int32')
    expect(t('int32').add(0.5).dtype).toBe('float32')
    expect(t('float64').mul(0.5).dtype).toBe('float64')
    expect(t('bool').add(1).dtype).toBe('int32')
  })

  test('division, roots and exponentials of integers are float32', () => {
    expect(t('int32').div(t('int32')).dtype).toBe('float32')
    expect(t('int32').sqrt().dtype).toBe('float32')
    expect(t('uint8').exp().dtype).toBe('float32')
    expect(t('int32').pow(2).dtype).toBe('int32')
    expect(t('int32').pow(-1).dtype).toBe('float32')
  })

  test('integers wrap, bools are logic, sums of small integers are int32', () => {
    expect(tensor(Uint8Array.of(250)).add(10).toArray()).toEqual([4])
    expect(
      tensor(Int32Array.of(2 ** 31 - 1))
        .add(1)
        .toArray(),
    ).toEqual([-(2 ** 31)])
    expect(tensor([true, false]).add([true, false]).toArray()).toEqual([true, false])
    expect(tensor([true, true, false]).sum().item()).toBe(2)
    expect(tensor([true, true, false]).sum().dtype).toBe('int32')
    expect(() => tensor([true]).sub(tensor([true]))).toThrow('sub: expected numbers, got bool')
    expect(() => tensor(Int32Array.of(1, 2)).mean()).toThrow('mean: expected float32 or float64, got int32')
  })

  test('gradients come back in the dtype of their leaf', () => {
    const x = new Tensor([1, 2])
    const y = new Tensor([1, 2], { dtype: 'float64' })
    x.mul(y).sum().backward()
    expect([x.grad?.dtype, y.grad?.dtype]).toEqual(['float32', 'float64'])
  })
})
