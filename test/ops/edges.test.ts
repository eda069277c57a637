// Edges of single ops, as PyTorch has them: zeros under roots, bounds, booleans, numbers that do not fit.

import { describe, expect, test } from 'vitest'
import * as bg from '../../lib/index.js'
import { ones, Tensor, tensor } from '../../lib/index.js'

const gradient = (f: (x: Tensor) => Tensor, values: number[]): unknown => {
  const x = new Tensor(values, { dtype: 'float64' })
  f(x).sum().backward()
  return x.grad?.toArray()
}
const ints = (...values: number[]): Tensor => tensor(Int32Array.from(values))

describe('gradients where a root has none', () => {
  test.each<[string, (x: Tensor) => Tensor, number[], number[]]>([
    ['std of equal numbers', x => x.std(), [2, 2, 2], [0, 0, 0]],
    ['norm of nothing but zeros', x => x.norm(), [0, 0], [0, 0]],
    ['third norm of zeros', x => x.norm(null, { ord: 3 }), [0, 0], [0, 0]],
    ['half norm beside a zero', x => x.norm(null, { ord: 0.5 }), [0, -1], [0, -1]],
    ['third norm beside a zero', x => x.norm(null, { ord: 3 }), [0, -1], [0, -1]],
    ['a log-sum-exp beside −∞', x => x.logsumexp(), [Number.NEGATIVE_INFINITY, 1], [0, 1]],
    ['a log-sum-exp of ∞', x => x.logsumexp(), [Infinity, 1], [Number.NaN, 0]],
    ['clamp at its bounds', x => x.clamp(0, 1), [-1, 0, 0.5, 1, 2, Number.NaN], [0, 1, 1, 1, 0, 0]],
    ['prod with one zero', x => x.prod(), [0, 2, 3], [6, 0, 0]],
    ['prod with two zeros', x => x.prod(), [0, 0, 3], [0, 0, 0]],
  ])('%s', (_, f, values, expected) => {
    expect(gradient(f, values)).toEqual(expected)
  })
})

test('variance and std of one element are NaN', () => {
  expect([tensor([5]).variance().item(), tensor(5).std().item()]).toEqual([Number.NaN, Number.NaN])
})

test('an empty list of axes reduces nothing, as in NumPy', () => {
  const x = tensor([3, 4])
  expect(x.sum([]).toArray()).toEqual([3, 4])
  expect(x.sum([]).storage).not.toBe(x.storage)
})

test('an axis that is not there is an error also where there is nothing to exchange', () => {
  expect(() => tensor([1, 2]).transpose(5, 7)).toThrow('transpose: expected an axis from -1 to 0, got 5')
  expect(tensor([1, 2]).transpose().toArray()).toEqual([1, 2])
  expect(tensor([1, 2]).transpose(0, -1).toArray()).toEqual([1, 2])
  expect(tensor(1).transpose(0, 0).shape).toEqual([])
})

describe('dtypes', () => {
  test('bools stay bools and hold 0 and 1 only', () => {
    expect(
      tensor([
        [true, true],
        [true, true],
      ])
        .tril()
        .toArray(),
    ).toEqual([
      [true, false],
      [true, true],
    ])
    expect(tensor([true]).pad([[1, 0]], 5).data).toEqual(Uint8Array.of(1, 1))
    expect(tensor([true, false]).maskedFill([false, true], 5).data).toEqual(Uint8Array.of(1, 1))
  })

  test('booleans beside numbers are numbers', () => {
    expect(tensor([true, 2]).toArray()).toEqual([1, 2])
    expect(tensor([true, 2]).dtype).toBe('float32')
  })

  test('a whole number beyond int32 is a float', () => {
    expect(ints(1).add(1e10).dtype).toBe('float32')
    expect(ints(2e9).less(1e10).toArray()).toEqual([true])
    expect(ints(1).add(7).dtype).toBe('int32')
  })

  test('booleans are no indices', () => {
    expect(() => tensor([1, 2]).indexSelect(0, [true])).toThrow('indexSelect: expected integer indices, got [true]')
    expect(tensor([1, 2]).indexSelect(0, []).shape).toEqual([0])
  })

  test('assign converts element by element', () => {
    expect(
      ints(0, 0, 0, 0)
        .assign(tensor([Number.NaN, 1.9, -1.9, 3e9]))
        .toArray(),
    ).toEqual([0, 1, -1, 2147483647])
    expect(tensor([true, true]).assign(ints(0, 5)).toArray()).toEqual([false, true])
  })
})

test('clamp refuses a bound that is not a number', () => {
  expect(() => tensor([1]).clamp(Number.NaN)).toThrow('clamp: expected numbers as bounds, got NaN')
})

test('tril refuses a diagonal between two', () => {
  expect(() => ones([2, 2]).tril(0.5)).toThrow('tril: expected an integer as diagonal, got 0.5')
})

test('linear takes arrays as every op does', () => {
  expect(bg.linear([1, 2], [[3, 4]], [5]).toArray()).toEqual([16])
})
