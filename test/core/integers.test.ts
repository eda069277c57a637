// Integers that a dtype does not have are errors that name a way out, never the nearest or another integer.

import { describe, expect, test } from 'vitest'
import * as bg from '../../lib/index.js'
import { ArgumentError, concat, IndexError, nn, type Tensor, tensor } from '../../lib/index.js'
import { backendsUnderTest, onBackend } from '../support/backends.js'

const ids = tensor(Int32Array.of(0, 1))

test.each<[string, () => unknown]>([
  ['Tensor', () => tensor([2 ** 33], { dtype: 'int32' })],
  ['Tensor', () => tensor(Float64Array.of(2 ** 31), { dtype: 'int32' })],
  ['Tensor', () => tensor([[1], [-(2 ** 31) - 1]], { dtype: 'int32' })],
  ['Tensor', () => tensor([Number.NaN], { dtype: 'int32' })],
  ['Tensor', () => tensor([Infinity], { dtype: 'uint8' })],
  ['Tensor', () => tensor([256], { dtype: 'uint8' })],
  ['Tensor', () => tensor(Int32Array.of(-1), { dtype: 'uint8' })],
  ['assign', () => tensor(Int32Array.of(1)).assign([2 ** 31])],
  ['full', () => bg.full([2], 2 ** 31, { dtype: 'int32' })],
  ['full', () => bg.full([2], -1, { dtype: 'uint8' })],
  ['arange', () => bg.arange(2 ** 33, 2 ** 33 + 3)],
  ['arange', () => bg.arange(0, 4e9, 1e9)],
  ['arange', () => bg.arange(-1, 3, 1, { dtype: 'uint8' })],
  ['linspace', () => bg.linspace(0, 300, 3, { dtype: 'uint8' })],
  ['pad', () => bg.pad(ids, [[1, 1]], 2 ** 31)],
])('%s refuses them: %s', (name, call) => {
  expect(call).toThrow(ArgumentError)
  expect(call).toThrow(new RegExp(`^${name}: expected (int32|uint8) values from -?\\d+ to \\d+, got .*'float64'`))
})

test('the ends of the range, and fractions, are taken', () => {
  expect(tensor([2 ** 31 - 1, -(2 ** 31), 1.9, -1.9], { dtype: 'int32' }).toArray()).toEqual([
    2 ** 31 - 1,
    -(2 ** 31),
    1,
    -1,
  ])
  expect(tensor([255, 0, -0.5, 255.9], { dtype: 'uint8' }).toArray()).toEqual([255, 0, 0, 255])
  expect(bg.arange(2 ** 31 - 2, 2 ** 31).toArray()).toEqual([2 ** 31 - 2, 2 ** 31 - 1])
  expect(bg.arange(2 ** 33, 2 ** 33 + 2, { dtype: 'float64' }).toArray()).toEqual([2 ** 33, 2 ** 33 + 1])
  expect(concat([ids, [2 ** 33]]).toArray()).toEqual([0, 1, 2 ** 33])
})

describe('an id that is too large is named as it is', () => {
  const table = bg.ones([3, 2])
  const wrong = [0, 2 ** 33]
  test.each<[string, (wrong: number[]) => Tensor]>([
    ['indexSelect', wrong => table.indexSelect(0, wrong)],
    ['embedding', wrong => bg.embedding(table, wrong)],
    ['gather', wrong => table.gather(0, [wrong])],
    ['crossEntropy', wrong => nn.functional.crossEntropy(bg.ones([2, 3]), wrong)],
    ['nllLoss', wrong => nn.functional.nllLoss(bg.ones([2, 3]), wrong)],
  ])('%s', (name, call) => {
    expect(() => call(wrong)).toThrow(IndexError)
    expect(() => call(wrong)).toThrow(new RegExp(`^${name}: expected .* that fit int32, got 8589934592 at position 1`))
  })
})

describe.each(['native', 'reference'] as const)('sums and products of integers on %s', backend => {
  const on = (name: string, run: () => void): void => {
    test.runIf(backendsUnderTest.includes(backend))(name, () => onBackend(backend, run))
  }
  const large = tensor(Int32Array.of(2 ** 31 - 1, 2 ** 31 - 1, 1 - 2 ** 31, 1 - 2 ** 31, 7, -7, 3), { shape: [7, 1] })

  on('are exact, whatever they pass through', () => {
    expect([large.sum().item(), large.sum().dtype]).toEqual([3, 'int32'])
    expect(large.sum(0, { keepdims: true }).toArray()).toEqual([[3]])
    expect(
      tensor(Int32Array.of(-(2 ** 30), 2))
        .prod()
        .item(),
    ).toBe(-(2 ** 31))
    expect(
      bg
        .full([100], 2 ** 30, { dtype: 'int32' })
        .mul(bg.arange(100).greater(0))
        .prod()
        .item(),
    ).toBe(0)
    expect(bg.full([9_000_000], 200, { dtype: 'uint8' }).sum().item()).toBe(1_800_000_000)
    expect(tensor(new Int32Array(0)).sum().item()).toBe(0)
    expect(tensor([true, false, true]).sum().item()).toBe(2)
  })

  on('are errors that name a way out where they do not fit', () => {
    const wrong: [string, () => Tensor, string][] = [
      ['sum', () => large.slice([0, 2]).sum(), '4294967294'],
      ['sum', () => large.slice([2, 4]).sum(0), '-4294967294'],
      ['sum', () => bg.full([9_000_000], 255, { dtype: 'uint8' }).sum(), '2295000000'],
      ['prod', () => tensor(Int32Array.of(2 ** 16, 2 ** 15)).prod(), '2147483648'],
      ['prod', () => bg.full([2, 70], 2 ** 30, { dtype: 'int32' }).prod(1), 'Infinity'],
    ]
    for (const [name, call, got] of wrong) {
      expect(call).toThrow(
        new RegExp(`^${name}: expected a result that int32 has, got ${got}: reduce x.to\\('float64'\\)`),
      )
    }
    expect(large.slice([0, 2]).to('float64').sum().item()).toBe(4294967294)
  })
})
