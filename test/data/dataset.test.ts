// TensorDataset: what it takes, its samples and batches.

import { describe, expect, it } from 'vitest'
import { ArgumentError, data, IndexError, ShapeError, tensor } from '../../lib/index.js'

const { TensorDataset } = data
const images = [
  [
    [1, 2],
    [3, 4],
  ],
  [
    [5, 6],
    [7, 8],
  ],
  [
    [9, 10],
    [11, 12],
  ],
]

describe('TensorDataset', () => {
  it('counts samples along the first axis and takes arrays as well as tensors', () => {
    const dataset = new TensorDataset(tensor(images), Int32Array.of(3, 4, 5), [true, false, true])
    const [x, y, z] = dataset.tensors
    expect(dataset.length).toBe(3)
    expect([x.dtype, y.dtype, z.dtype]).toEqual(['float32', 'int32', 'bool'])
  })

  it('gives a sample without the first axis, as a copy', () => {
    const dataset = new TensorDataset(images, Int32Array.of(3, 4, 5))
    const [x, y] = dataset.get(1)
    expect(x.toArray()).toEqual(images[1])
    expect([y.shape, y.item()]).toEqual([[], 4])
    x.data[0] = -1
    expect(dataset.get(1)[0].toArray()).toEqual(images[1])
  })

  it.each(['float32', 'float64', 'int32', 'uint8', 'bool'] as const)('gathers %s rows into fresh tensors', dtype => {
    const source = tensor(
      [
        [1, 0],
        [0, 1],
        [1, 1],
      ],
      { dtype },
    )
    const [rows] = new TensorDataset(source).batch(Int32Array.of(2, 0, 2))
    expect(rows.dtype).toBe(dtype)
    expect([...rows.data]).toEqual([1, 1, 1, 0, 1, 1])
    rows.data[0] = 0
    expect([...source.data]).toEqual([1, 0, 0, 1, 1, 1])
  })

  it('gives nothing that wants a gradient', () => {
    const [x] = new TensorDataset(tensor([1, 2], { requiresGrad: true })).batch(Int32Array.of(0))
    expect(x.requiresGrad).toBe(false)
  })

  it('refuses fields that do not agree', () => {
    expect(() => new TensorDataset([1, 2, 3], [1, 2])).toThrow(
      new ShapeError('TensorDataset: expected tensors of one length along axis 0, got shapes [3], [2]'),
    )
    expect(() => new TensorDataset([1], 2)).toThrow(
      new ShapeError('TensorDataset: expected tensors with at least one axis, got shapes [1], []'),
    )
    expect(() => new TensorDataset()).toThrow(ArgumentError)
  })

  it('refuses indices that are not there', () => {
    const dataset = new TensorDataset([1, 2, 3])
    for (const index of [-1, 3, 0.5, Number.NaN]) expect(() => dataset.get(index)).toThrow(IndexError)
    expect(() => dataset.batch(Int32Array.of(0, 3))).toThrow(
      new IndexError('TensorDataset.batch: expected indices from 0 to 2, got 3 at 1'),
    )
  })
})
