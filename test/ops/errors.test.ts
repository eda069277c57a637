// Mistakes in shape, dtype, axis or index: each says which op, what was expected and what came, before any kernel runs.

import { expect, test } from 'vitest'
import * as bg from '../../lib/index.js'
import { ones, Tensor, tensor } from '../../lib/index.js'

const a = ones([32, 784])
const ids = (...values: number[]): Tensor => tensor(Int32Array.from(values))

test.each<[string, () => unknown, new (message: string) => Error]>([
  ['matmul: inner dimensions differ: [32, 784] × [100, 10]', () => a.matmul(ones([100, 10])), bg.ShapeError],
  ['matmul: expected at least one axis, got [] × [3]', () => tensor(1).matmul(ones([3])), bg.ShapeError],
  ['matmul: shapes do not broadcast: [2] and [3]', () => ones([2, 3, 4]).matmul(ones([3, 4, 5])), bg.ShapeError],
  ['matmul: expected float32 or float64, got int32', () => ids(1).matmul(ids(1)), bg.DTypeError],
  ['add: shapes do not broadcast: [2, 3] and [4]', () => ones([2, 3]).add(ones([4])), bg.ShapeError],
  [
    'add: expected a tensor, a number or nested arrays of numbers, got "x"',
    () => ones([2]).add('x' as never),
    bg.ArgumentError,
  ],
  ['add: nested arrays are ragged', () => ones([2]).add([[1, 2], [3]]), bg.ShapeError],
  ['sum: expected an axis from -2 to 1, got 2', () => ones([2, 3]).sum(2), bg.ShapeError],
  ['sum: expected distinct axes, got [1, 1]', () => ones([2, 3]).sum([1, -1]), bg.ShapeError],
  ['sum: expected an integer axis, got 0.5', () => ones([2, 3]).sum(0.5), bg.ArgumentError],
  [
    'max: expected at least one element along the reduced axes, got shape [2, 0]',
    () => ones([2, 0]).max(1),
    bg.ShapeError,
  ],
  ['argmax: expected at least one element along the axis, got shape [0]', () => ones([0]).argmax(), bg.ShapeError],
  ['reshape: cannot make [2, 3] (6 elements) into [4, -1]', () => ones([2, 3]).reshape([4, -1]), bg.ShapeError],
  ['reshape: expected at most one -1', () => ones([2, 3]).reshape([-1, -1]), bg.ShapeError],
  ['permute: expected each of 2 axes once, got [0, 0]', () => ones([2, 3]).permute([0, 0]), bg.ShapeError],
  ['expand: cannot repeat [2, 3] to [4, 3]', () => ones([2, 3]).expand([4, 3]), bg.ShapeError],
  ['slice: expected at most 1 ranges for shape [3], got 2', () => ones([3]).slice([0, 1], [0, 1]), bg.ShapeError],
  ['slice: expected [start, end] of integers', () => ones([3]).slice([0, 1.5]), bg.ArgumentError],
  [
    'concat: shapes differ beside axis 0: [2, 3] and [2, 4]',
    () => bg.concat([ones([2, 3]), ones([2, 4])]),
    bg.ShapeError,
  ],
  ['concat: expected a non-empty array of tensors', () => bg.concat([]), bg.ArgumentError],
  ['stack: shapes differ: [2] and [3]', () => bg.stack([ones([2]), ones([3])]), bg.ShapeError],
  ['split: expected sizes that add up to 5, got [2, 2]', () => ones([5]).split([2, 2]), bg.ShapeError],
  ['pad: expected [before, after] for each of 1 axes', () => ones([3]).pad([[-1, 0]]), bg.ShapeError],
  [
    'gather: expected indices that fit [2, 3] beside axis 1, got [3, 1]',
    () => ones([2, 3]).gather(1, ids(0, 0, 0).reshape([3, 1])),
    bg.ShapeError,
  ],
  ['gather: index 3 at position 1 is out of range for 3 rows', () => ones([3]).gather(0, ids(0, 3)), bg.IndexError],
  [
    'indexSelect: index -1 at position 0 is out of range for 2 rows',
    () => ones([2, 3]).indexSelect(0, ids(-1)),
    bg.IndexError,
  ],
  [
    'indexSelect: expected int32 indices, got float32 of shape [1]',
    () => ones([2]).indexSelect(0, tensor([0])),
    bg.DTypeError,
  ],
  [
    'embedding: index 7 at position 2 is out of range for 5 rows',
    () => bg.embedding(ones([5, 2]), [0, 1, 7]),
    bg.IndexError,
  ],
  ['embedding: expected integer ids, got [0.5]', () => bg.embedding(ones([5, 2]), [0.5]), bg.DTypeError],
  ['where: expected a bool mask, got float32 of shape [2]', () => bg.where(ones([2]), 1, 0), bg.DTypeError],
  ['pow: expected a number as exponent, got Tensor', () => ones([2]).pow(ones([2]) as never), bg.ArgumentError],
  ['clamp: expected numbers as bounds, got "a"', () => ones([2]).clamp('a' as never), bg.ArgumentError],
  ['tril: expected at least two axes, got shape [3]', () => ones([3]).tril(), bg.ShapeError],
  ['gelu: expected approximate to be', () => ones([3]).gelu({ approximate: 'erf' as never }), bg.ArgumentError],
  ['setBackend: expected', () => bg.setBackend('gpu' as never), bg.ArgumentError],
  ['setThreads: expected an integer from 1 to 65536, got 0', () => bg.setThreads(0), bg.ArgumentError],
  ['manualSeed: expected a non-negative integer', () => bg.manualSeed(-1), bg.ArgumentError],
  ['zeros: expected at most 2147483647 elements', () => bg.zeros([2 ** 16, 2 ** 16]), bg.ShapeError],
])('%s', (message, run, kind) => {
  expect(run).toThrow(message)
  expect(run).toThrow(kind)
})

test('errors carry a stable code', () => {
  const codeOf = (run: () => unknown): unknown => {
    try {
      run()
    } catch (error) {
      return (error as bg.BlasgradError).code
    }
    return undefined
  }
  expect(codeOf(() => a.matmul(ones([100, 10])))).toBe('SHAPE')
  expect(codeOf(() => ones([3]).gather(0, ids(5)))).toBe('INDEX')
})

test('a bad id writes nothing and leaves the graph usable', () => {
  const table = new Tensor([
    [1, 2],
    [3, 4],
  ])
  expect(() => bg.embedding(table, [9])).toThrow(bg.IndexError)
  bg.embedding(table, [1, 1]).sum().backward()
  expect(table.grad?.toArray()).toEqual([
    [0, 0],
    [2, 2],
  ])
})
