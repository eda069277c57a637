// step.into over tensors that share memory with arguments, with state and with one another, small and large.

import { describe, expect, test } from 'vitest'
import { ArgumentError } from '../../lib/base/errors.js'
import { Storage } from '../../lib/core/storage.js'
import { compile, full, nn, Tensor } from '../../lib/index.js'
import { backendsUnderTest, onBackend } from '../support/backends.js'

/** The first and the last element. */
const ends = ({ data }: Tensor): number[] => [data[0], data[data.length - 1]]
/** A tensor over a part of an array. */
const part = (array: Float32Array, from: number, length: number): Tensor =>
  new Tensor({ storage: new Storage(array.subarray(from, from + length), length), shape: [length], dtype: 'float32' })

describe.each(backendsUnderTest)('%s', backend => {
  const on = (name: string, fn: (n: number) => void) =>
    test.each([1, 8, 16_384, 20_000])(`${name}, %i elements`, n => onBackend(backend, () => fn(n)))

  on('arguments that are exchanged, and returned as they are', n => {
    const swap = compile((a: Tensor, b: Tensor) => [b, a])
    const [a, b] = [full([n], 1), full([n], 2)]
    swap.into([a, b], a, b)
    expect([ends(a), ends(b)]).toEqual([
      [2, 2],
      [1, 1],
    ])
  })

  on('an argument that is one of two results', n => {
    const step = compile((a: Tensor) => ({ twice: a.mul(2), same: a, more: a.add(1) }))
    const [a, twice, more] = [full([n], 3), full([n], 0), full([n], 0)]
    step.into({ twice: a, same: twice, more }, a)
    expect([ends(a), ends(twice), ends(more)]).toEqual([
      [6, 6],
      [3, 3],
      [4, 4],
    ])
  })

  on('state that is a result, and an out for another', n => {
    const weight = new nn.Parameter(full([n], 5))
    const step = compile((a: Tensor) => [a.add(1), weight.detach()])
    const [a, before] = [full([n], 1), full([n], 0)]
    const { version } = weight.storage
    step.into([weight, before], a)
    expect([ends(weight), ends(before)]).toEqual([
      [2, 2],
      [5, 5],
    ])
    expect(weight.storage.version).toBeGreaterThan(version)
  })

  on('views of one buffer that overlap: an argument and an out, two outs', n => {
    const step = compile((a: Tensor) => [a, a.mul(2)])
    const array = new Float32Array(3 * n + 1).fill(1, 0, n + 1)
    array[0] = 7
    const a = part(array, 0, n)
    step.into([part(array, 1, n), part(array, n + 1, n)], a)
    expect([array[0], array[1], array[n + 1]]).toEqual([7, 7, 14])
    expect(() => step.into([part(array, n, n), part(array, 2 * n - 1, n)], a)).toThrow('results 0 and 1, which share')
    step.into([part(array, 2 * n, n), part(array, n, n)], a)
    expect([array[n], array[2 * n]]).toEqual([14, 7])
  })

  on('two outs that share elements are refused, and nothing is written', n => {
    const step = compile((a: Tensor) => [a.add(1), a.add(2), a.add(3)])
    const [a, out, other] = [full([n], 1), full([n], 0), full([n], 0)]
    for (const outs of [
      [out, other, out],
      [out, out.reshape([n]), other],
    ]) {
      expect(() => step.into(outs, a)).toThrow(ArgumentError)
      expect(() => step.into(outs, a)).toThrow('into: expected results in memory of their own, got results 0 and')
    }
    expect(ends(out)).toEqual([0, 0])
  })
})
