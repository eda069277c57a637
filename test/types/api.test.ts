// The public API as types: what must compile, and what must not. `tsc -b` checks this file; here it also runs, so that
// the types and what happens agree.

import { expect, expectTypeOf, test } from 'vitest'
import { compile, concat, data, grad, nn, noGrad, optim, Tensor, tensor, where, zeros } from '../../lib/index.js'

test('ops are methods and functions of the same types', () => {
  const x = new Tensor([
    [1, 2],
    [3, 4],
  ])
  expectTypeOf(x.add(1)).toEqualTypeOf<Tensor>()
  expectTypeOf(x.matmul([[1], [2]])).toEqualTypeOf<Tensor>()
  expectTypeOf(x.sum(1, { keepdims: true }).softmax().reshape([-1])).toEqualTypeOf<Tensor>()
  expectTypeOf(x.split(1)).toEqualTypeOf<Tensor[]>()
  expectTypeOf(x.allclose(x)).toEqualTypeOf<boolean>()
  expectTypeOf(where(x.greater(0), x, 0)).toEqualTypeOf<Tensor>()
  expectTypeOf(concat([x, [[1, 2]]], 0)).toEqualTypeOf<Tensor>()
  expectTypeOf<Parameters<Tensor['permute']>>().toEqualTypeOf<[list: number | readonly number[], ...more: number[]]>()
  expect(x.slice([0, 1], null).shape).toEqual([1, 2])
})

test('wrong calls do not compile, and throw', () => {
  const x = new Tensor([1, 2])
  // @ts-expect-error a string is no tensor
  expect(() => x.add('1')).toThrow()
  // @ts-expect-error no such dtype
  expect(() => tensor([1], { dtype: 'float16' })).toThrow()
  // @ts-expect-error no such method
  expect(() => x.frobnicate()).toThrow()
  // @ts-expect-error the exponent is a number
  expect(() => x.pow([2])).toThrow()
  // @ts-expect-error functions like where are not methods
  expect(x.where).toBeUndefined()
  expect(() => {
    // @ts-expect-error the shape cannot be replaced
    x.size = 3
  }).not.toThrow()
  expect(() => {
    // @ts-expect-error nor one of its lengths
    x.shape[0] = 2
  }).toThrow()
})

test('gradients, modules, loaders', () => {
  const [x, y] = [new Tensor([1]), new Tensor([2])]
  expectTypeOf(x.grad).toEqualTypeOf<Tensor | null>()
  expectTypeOf(grad(x.mul(y).sum(), x)).toEqualTypeOf<Tensor>()
  expectTypeOf(grad(x.mul(y).sum(), [x, y])).toEqualTypeOf<[Tensor, Tensor]>()
  expectTypeOf(noGrad(() => 3)).toEqualTypeOf<number>()
  const model = new nn.Sequential(new nn.Linear(2, 3), new nn.ReLU())
  expectTypeOf(model.forward(zeros([1, 2]))).toEqualTypeOf<Tensor>()
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 })
  optimizer.lr = 0.1
  const loader = new data.DataLoader(new data.TensorDataset(zeros([4, 2]), zeros([4])), { batchSize: 2 })
  for (const [images, labels] of loader) {
    expectTypeOf(images).toEqualTypeOf<Tensor>()
    expectTypeOf(labels).toEqualTypeOf<Tensor>()
  }
  // @ts-expect-error an unknown option
  expect(() => new optim.Adam([new Tensor([1])], { learningRate: 1 })).toThrow('expected options lr')
})

test('compiled steps and their epochs', async () => {
  const w = new nn.Parameter([1, 2])
  const optimizer = new optim.Adam([w])
  const loader = new data.DataLoader(new data.TensorDataset(zeros([4, 2]), zeros([4])), { batchSize: 2 })
  const step = compile((x: Tensor, y: Tensor) => x.mul(w).sum(1).sub(y).pow(2).mean().add(w.sum()))
  expectTypeOf(step.sync(zeros([1, 2]), zeros([1]))).toEqualTypeOf<Tensor>()
  const { losses, mean } = await step.epoch(loader, {
    onProgress: progress => {
      expectTypeOf(progress.loss).toEqualTypeOf<number>()
      expectTypeOf(progress.batches).toEqualTypeOf<number | undefined>()
    },
    signal: new AbortController().signal,
  })
  expectTypeOf(losses).toEqualTypeOf<Tensor>()
  expectTypeOf(mean).toEqualTypeOf<number>()
  const several = compile((x: Tensor, _y: Tensor) => {
    optimizer.zeroGrad()
    const loss = x.mul(w).sum()
    loss.backward()
    optimizer.step()
    return { loss, more: [w.sum()] }
  })
  const { results, means } = await several.epoch(loader, {
    schedule: { optimizer, lr: [0.5, 0.25] },
    onProgress: progress => expectTypeOf(progress.means.loss).toEqualTypeOf<number>(),
  })
  expectTypeOf(results).toEqualTypeOf<{ loss: Tensor; more: Tensor[] }>()
  expectTypeOf(means).toEqualTypeOf<{ loss: number; more: number[] }>()
  expect([losses.shape, results.more[0].shape, optimizer.lr]).toEqual([[2], [2], 0.25])
  // @ts-expect-error batches of two fields for a function of one
  await expect(compile((scale: Tensor) => w.mul(scale).sum()).epoch(loader)).resolves.toBeDefined()
  // @ts-expect-error no such option
  await expect(step.epoch(loader, { epochs: 3 })).rejects.toThrow('got epochs')
})

test('numbers are tensors to a compiled function, but for those that are static', () => {
  const scale = compile((x: Tensor, more: { k: Tensor }) => x.mul(more.k))
  expect(scale.sync(zeros([2]), { k: 3 }).shape).toEqual([2])
  // @ts-expect-error a number is a tensor inside
  expect(() => compile((x: Tensor, k: number) => x.mul(k * 2)).sync(zeros([2]), 3)).toThrow('item()')
  // @ts-expect-error and one beside the one that is named
  compile((x: Tensor, k: number, n: number) => x.mul(k + n), { static: [2] })
  const power = compile((x: Tensor, k: number) => x.mul(k * 2), { static: [1] })
  expect(power.sync(3, 2).item()).toBe(12)
  // @ts-expect-error no tensor in the place of a number
  expect(() => power.sync(zeros([2]), zeros([]))).toThrow('item()')
  // @ts-expect-error no such option
  expect(() => compile((x: Tensor) => x, { statics: [0] })).toThrow('got statics')
})
