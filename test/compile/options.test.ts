// The options of compile: each is checked, and `static` gives the numbers of an argument to JavaScript.

import { describe, expect, test } from 'vitest'
import { ArgumentError, BlasgradError } from '../../lib/base/errors.js'
import { compile, data, ones, type Tensor, tensor } from '../../lib/index.js'

const square = (x: Tensor): Tensor => x.mul(x)

describe('checked', () => {
  const wrong: readonly [options: unknown, message: string][] = [
    [null, 'compile: expected an object of options, got null'],
    [[], 'compile: expected an object of options'],
    ['fusion', 'compile: expected an object of options'],
    [{ keepGrad: true }, 'compile: expected options captures, keepGrads, fusion, static, got keepGrad'],
    [{ fusion: 'no' }, 'compile: expected fusion to be true or false'],
    [{ fusion: null }, 'compile: expected fusion to be true or false, got null'],
    [{ keepGrads: 1 }, 'compile: expected keepGrads to be true or false, got 1'],
    [{ captures: ones([2]) }, 'compile: expected captures to be a list, got'],
    [{ captures: [ones([2]), 3] }, 'compile: expected captures to hold tensors, got 3 at 1'],
    [{ captures: new Array(2) }, 'compile: expected captures to hold tensors'],
    [{ static: 1 }, 'compile: expected static to be a list of positions of arguments, from 0, got 1'],
    ...[[-1], [0.5], ['0'], [Number.NaN], new Array(1)].map((positions): [unknown, string] => [
      { static: positions },
      'compile: expected static to be a list of positions',
    ]),
  ]

  test.each(wrong)('%j', (options, message) => {
    expect(() => compile(square, options as never)).toThrow(ArgumentError)
    expect(() => compile(square, options as never)).toThrow(message)
  })

  test('undefined counts as missing, and lists are read when compile is called', () => {
    const captures = [tensor([10])]
    const positions = [1]
    const step = compile((x: Tensor, n: number) => x.mul(n * 2).add(captures[0]), { captures, static: positions })
    positions.pop()
    expect(step.sync(tensor([1]), 3).toArray()).toEqual([16])
    const options = { captures: undefined, keepGrads: undefined, fusion: undefined, static: undefined }
    expect(
      compile(square, options)
        .sync(tensor([3]))
        .toArray(),
    ).toEqual([9])
  })
})

describe('numbers', () => {
  test('that are not static refuse to be JavaScript’s', () => {
    const arithmetic = [(k: never) => k * 2, (k: never) => k > 1, (k: never) => Math.exp(k), (k: never) => 1 - k]
    for (const use of arithmetic) {
      const step = compile((x: Tensor, k: Tensor) => x.mul(Number(use(k as never))))
      expect(() => step.sync(tensor([1]), 2)).toThrow(BlasgradError)
    }
    const loop = compile((x: Tensor, n: Tensor) => {
      let y = x
      for (let i = 0; i < (n as unknown as number); i++) y = y.mul(x)
      return y
    })
    expect(() => loop.sync(tensor([2]), 3)).toThrow('item()')
  })

  test('that are static steer, are part of the key, and leave the others tensors', async () => {
    let runs = 0
    const power = compile(
      (x: Tensor, n: number, more: { axis: number; scales: readonly number[] }, k: Tensor) => {
        runs++
        let y = x
        for (let i = 1; i < n; i++) y = y.mul(x)
        return y
          .sum(more.axis)
          .mul(k)
          .mul(more.scales[0] + more.scales[1])
      },
      { static: [1, 2] },
    )
    const x = tensor([[1, 2]])
    const more = { axis: 1, scales: [1, 1] }
    expect(power.sync(x, 3, more, 5).toArray()).toEqual([90])
    expect(power.sync(x, 3, { axis: 1, scales: [1, 1] }, 6).toArray()).toEqual([108])
    expect(runs).toBe(1)
    expect((await power(x, 2, more, 1)).toArray()).toEqual([10])
    expect(power.sync(x, 2, { ...more, axis: 0 }, 1).toArray()).toEqual([2, 8])
    expect(power.sync(x, 2, { ...more, scales: [1, -1] }, 1).toArray()).toEqual([0])
    expect(runs).toBe(4)
    expect(power.into(tensor([0]), x, 3, more, 1).toArray()).toEqual([18])
    expect(power.explain(x, 3, more, 1)).toContain('mul')
    expect(runs).toBe(4)
  })

  test('that are static tell −0 from 0, and NaN from both', () => {
    const inverse = compile((n: number) => tensor([1 / n]), { static: [0] })
    expect([0, -0, Number.NaN, 0].map(n => inverse.sync(n).toArray())).toEqual([
      [Infinity],
      [-Infinity],
      [Number.NaN],
      [Infinity],
    ])
  })

  test('within another recording they are what they are in one of their own', () => {
    const inner = compile((x: Tensor, k: Tensor, n: number) => x.mul(k.mul(2)).mul(n), { static: [2] })
    const outer = compile((x: Tensor) => inner.sync(x, 3, 4))
    expect(outer.sync(tensor([1, 2])).toArray()).toEqual([24, 48])
  })

  test('of an epoch’s batches', async () => {
    const rows = new data.TensorDataset(tensor([1, 2, 3]))
    const transform = ([x]: readonly Tensor[]): [Tensor, number] => [x, x.size]
    const loader = new data.DataLoader(rows, { batchSize: 2, transform })
    const step = compile((x: Tensor, n: number) => x.mul(n * 10).sum(), { static: [1] })
    const { losses } = await step.epoch(loader)
    expect(losses.toArray()).toEqual([60, 30])
  })
})
