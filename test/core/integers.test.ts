// Integers that a dtype does not have are errors that name a way out, never the nearest or another integer.

import { describe, expect, test } from 'vitest'
import * as bg from '../../lib/index.js'
import { ArgumentError, concat, IndexError, nn, type Tensor, tensor } from '../../lib/index.js'

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
