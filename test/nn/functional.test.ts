// nn.functional against PyTorch: values and gradients for all options; and the mistakes it names.

import { describe, expect, it } from 'vitest'
import { nn, ones, Tensor, tensor, zeros } from '../../lib/index.js'
import { expectClose, fixture, type Plain, read } from './fixture.js'

const { functional } = nn
const functions = functional as unknown as Readonly<Record<string, (...args: unknown[]) => Tensor>>

/** A saved option: a number, a string, or a tensor. */
const readOption = (value: unknown, dtype: 'float32' | 'float64'): unknown =>
  typeof value === 'object' && value !== null && 'tensor' in value ? read(value.tensor as Plain, dtype) : value

describe.each(['float64', 'float32'] as const)('as PyTorch in %s', dtype => {
  it.each(fixture.functional)('$name', ({ fn, args, options, output, upstream, grads }) => {
    const tensors = args.map(arg => arg && read(arg, dtype, arg.dtype === 'float64'))
    const chosen = Object.entries(options).map(([key, value]) => [key, readOption(value, dtype)])
    const rest = chosen.length > 0 ? [Object.fromEntries(chosen)] : []
    const result = functions[fn](...tensors, ...rest)
    expect(result.dtype).toBe(dtype)
    expectClose('value', result, output)
    result.backward(read(upstream, dtype))
    for (const [i, expected] of grads.entries()) {
      const gradient = tensors[i]?.grad ?? null
      if (expected === null) expect(gradient).toBe(null)
      else expectClose(`gradient ${i}`, gradient, expected)
    }
  })
})

describe('class losses', () => {
  it('take plain arrays', () => {
    const loss = functional.crossEntropy([[0, 0]], [1])
    expect(loss.item()).toBeCloseTo(Math.LN2, 6)
    expect(functional.nllLoss([[-1, -2]], [1]).item()).toBe(2)
  })

  it('give NaN for a mean over nothing', () => {
    const ids = tensor([-100, -100], { dtype: 'int32' })
    expect(functional.crossEntropy(ones([2, 3]), ids).item()).toBeNaN()
    expect(functional.nllLoss(ones([2, 3]), ids).item()).toBeNaN()
    expect(functional.crossEntropy(ones([2, 3]), ids, { reduction: 'sum' }).item()).toBe(0)
  })

  it('ignore a row whatever it holds', () => {
    const logProbabilities = new Tensor([
      [-Infinity, -1],
      [-3, -2],
    ])
    const loss = functional.nllLoss(logProbabilities, new Int32Array([-100, 1]))
    expect(loss.item()).toBe(2)
    loss.backward()
    expect(logProbabilities.grad?.toArray()).toEqual([
      [0, 0],
      [0, -1],
    ])
  })

  it('name what is wrong', () => {
    const logits = zeros([2, 3])
    const ids = tensor([0, 1], { dtype: 'int32' })
    const { crossEntropy, nllLoss } = functional
    expect(() => crossEntropy(logits, tensor([0, 1, 2], { dtype: 'int32' }))).toThrow(
      'crossEntropy: expected class ids of shape [2] for scores of shape [2, 3], got [3]',
    )
    expect(() => crossEntropy(logits, tensor([0, 1]))).toThrow('crossEntropy: expected int32 class ids, got float32')
    expect(() => crossEntropy(zeros([2, 3], { dtype: 'int32' }), ids)).toThrow(
      'crossEntropy: expected scores of float32',
    )
    expect(() => crossEntropy(logits, tensor([0, 3], { dtype: 'int32' }))).toThrow('class id 3 at position 1')
    expect(() => crossEntropy(logits, tensor([-1, 0], { dtype: 'int32' }))).toThrow('class id -1 at position 0')
    expect(() => nllLoss(logits, tensor([0, 3], { dtype: 'int32' }))).toThrow('index 3 at position 1')
    expect(() => crossEntropy(logits, ids, { weight: [1, 2] })).toThrow('expected weight of shape [3], got [2]')
    expect(() => crossEntropy(logits, ids, { labelSmoothing: 2 })).toThrow(
      'expected labelSmoothing to be in [0, 1], got 2',
    )
    expect(() => crossEntropy(logits, ids, { ignoreIndex: 0.5 })).toThrow(
      'expected ignoreIndex to be an integer, got 0.5',
    )
    expect(() => nllLoss(logits, ids, { reduction: 'avg' as never })).toThrow("'mean', 'sum' or 'none', got \"avg\"")
    expect(() => crossEntropy(3, 0)).toThrow('expected scores with an axis of classes')
  })
})

describe('other losses', () => {
  it('take one number as a target, and no other broadcasting', () => {
    expect(functional.mseLoss([1, 3], 1).item()).toBe(2)
    expect(functional.l1Loss([1, 3], 0).item()).toBe(2)
    expect(() => functional.mseLoss(zeros([32, 1]), zeros([32]))).toThrow(
      'mseLoss: expected a target of shape [32, 1], got [32]',
    )
    expect(() => functional.huberLoss([1], [1], { delta: 0 })).toThrow('huberLoss: expected delta to be above 0')
    expect(() => functional.l1Loss([1], [1], { reduction: 'total' as never })).toThrow('l1Loss: expected reduction')
  })

  it('binary cross-entropy is stable, and names what is wrong', () => {
    const { binaryCrossEntropyWithLogits: loss } = functional
    expect(loss([1e4, -1e4, -1e4], [1, 0, 1], { reduction: 'none' }).toArray()).toEqual([0, 0, 1e4])
    expect(() => loss(zeros([2, 1]), zeros([2]))).toThrow('expected targets of shape [2, 1], got [2]')
    expect(() => loss(zeros([2]), zeros([2]), { posWeight: [1, 2, 3] })).toThrow(
      'expected posWeight to broadcast to [2], got [3]',
    )
  })
})

describe('layerNorm, embedding, linear', () => {
  it('name what is wrong', () => {
    const x = zeros([2, 3, 4])
    expect(() => functional.layerNorm(x, ones([3]))).toThrow(
      'layerNorm: expected last axes of [3], got shape [2, 3, 4]',
    )
    expect(() => functional.layerNorm(x, ones([4]), ones([3]))).toThrow('expected bias of shape [4], got [3]')
    expect(() => functional.layerNorm(x, ones([4], { dtype: 'float64' }))).toThrow('expected weight of float32')
    expect(() => functional.layerNorm(tensor(1))).toThrow('layerNorm: expected last axes')
    expect(() => functional.embedding([5], ones([5, 2]))).toThrow('index 5 at position 0')
    expect(() => functional.embedding([0], ones([5, 2]), { paddingIdx: 5 })).toThrow('expected paddingIdx in [-5, 5)')
    expect(() => functional.linear(x, ones([2, 3]))).toThrow('linear: expected x [..., in] and weight [out, in]')
  })
})
