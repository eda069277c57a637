// Convolutions, pooling and the norms of channels: what is refused and how it is said, how layers print, empty batches,
// what a compiled step does to running statistics.

import { describe, expect, it, test } from 'vitest'
import { compile, grad, nn, ones, optim, randn, ShapeError, Tensor, tensor, zeros } from '../../lib/index.js'

const { functional: F } = nn

test.each<[string, () => unknown]>([
  ['conv2d: expected x of 3 channels', () => F.conv2d(ones([1, 2, 5, 5]), ones([4, 3, 3, 3]))],
  ['got [1, 2, 5, 5] and weight [4, 3, 3, 3]', () => F.conv2d(ones([1, 2, 5, 5]), ones([4, 3, 3, 3]))],
  ['a multiple of 2 filters in 2 groups', () => F.conv2d(ones([1, 4, 5, 5]), ones([3, 2, 3, 3]), null, { groups: 2 })],
  ['conv2d: expected a window of 1 or more that fits', () => F.conv2d(ones([1, 1, 2, 5]), ones([1, 1, 3, 3]))],
  ['conv2d: expected x [n, channels, height, width]', () => F.conv2d(ones([5, 5]), ones([1, 1, 3, 3]))],
  ['conv2d: expected bias [4], got [3]', () => F.conv2d(ones([1, 1, 5, 5]), ones([4, 1, 3, 3]), ones([3]))],
  [
    'conv2d: expected float32 or float64, got int32',
    () => F.conv2d(zeros([1, 1, 3, 3], { dtype: 'int32' }), zeros([1, 1, 3, 3], { dtype: 'int32' })),
  ],
  [
    "conv2d: expected stride 1 with padding 'same'",
    () => F.conv2d(ones([1, 1, 5, 5]), ones([1, 1, 3, 3]), null, { stride: 2, padding: 'same' }),
  ],
  [
    'conv2d: expected stride to be a whole number from 1',
    () => F.conv2d(ones([1, 1, 5, 5]), ones([1, 1, 3, 3]), null, { stride: 0 }),
  ],
  [
    "conv2d: expected padding to be 'same', 'valid'",
    () => F.conv2d(ones([1, 1, 5, 5]), ones([1, 1, 3, 3]), null, { padding: -1 }),
  ],
  ['conv1d: expected x [n, channels, length]', () => F.conv1d(ones([1, 1, 5, 5]), ones([1, 1, 3]))],
  ['maxPool2d: expected kernelSize to be', () => F.maxPool2d(ones([1, 1, 5, 5]), {} as never)],
  [
    'maxPool2d: expected padding of at most half the kernel [2,2], got [2,2]',
    () => F.maxPool2d(ones([1, 1, 5, 5]), { kernelSize: 2, padding: 2 }),
  ],
  [
    'maxPool2d: expected room for the window [3,3], got [1, 1, 2, 5]',
    () => F.maxPool2d(ones([1, 1, 2, 5]), { kernelSize: 3 }),
  ],
  ['avgPool2d: expected x [n, channels, height, width] or', () => F.avgPool2d(ones([5, 5]), { kernelSize: 2 })],
  [
    'batchNorm: expected more than one value a channel in training',
    () => F.batchNorm(ones([1, 3]), null, null, null, null, { training: true }),
  ],
  ['batchNorm: expected runningMean outside of training, got none', () => F.batchNorm(ones([2, 3]), null, null)],
  ['batchNorm: expected runningVar [3] for x [2, 3], got [2]', () => F.batchNorm(ones([2, 3]), ones([3]), ones([2]))],
  ['groupNorm: expected a number of groups that divides 6 channels, got 4', () => F.groupNorm(ones([2, 6]), 4)],
  [
    'Conv2d: expected inChannels and outChannels that 2 groups divide, got 3 and 4',
    () => new nn.Conv2d(3, 4, 3, { groups: 2 }),
  ],
  ['Conv2d: expected kernelSize to be a whole number from 1', () => new nn.Conv2d(3, 4, 0)],
  [
    'BatchNorm2d: expected x [n, channels, height, width], got [2, 3]',
    () => new nn.BatchNorm2d(3).forward(ones([2, 3])),
  ],
  [
    'BatchNorm1d: expected momentum to be a finite number or null',
    () => new nn.BatchNorm1d(3, { momentum: 'x' as never }),
  ],
  ['GroupNorm: expected a number of groups that divides 5 channels', () => new nn.GroupNorm(2, 5)],
])('%s', (message, run) => {
  expect(run).toThrow(message)
})

test('a mistake in shape is a ShapeError', () => {
  expect(() => F.conv2d(ones([1, 2, 5, 5]), ones([4, 3, 3, 3]))).toThrow(ShapeError)
})

test('layers print as their settings', () => {
  expect(`${new nn.Conv2d(1, 16, [3, 5], { padding: 'same' })}`).toBe(
    'Conv2d(inChannels=1, outChannels=16, kernelSize=[3, 5], stride=1, padding=same, dilation=1, groups=1, bias=true)',
  )
  expect(`${new nn.MaxPool2d(2)}`).toBe('MaxPool2d(kernelSize=2, stride=2, padding=0, dilation=1, ceilMode=false)')
  expect(`${new nn.BatchNorm2d(4, { momentum: null })}`).toBe(
    'BatchNorm2d(numFeatures=4, eps=0.00001, momentum=null, affine=true, trackRunningStats=true)',
  )
  expect(`${new nn.GroupNorm(2, 4)}`).toBe('GroupNorm(numGroups=2, numChannels=4, eps=0.00001, affine=true)')
})

describe('an empty batch', () => {
  it('gives empty results and gradients of zeros', () => {
    const model = new nn.Sequential(new nn.Conv2d(2, 3, 3), new nn.MaxPool2d(2), new nn.AvgPool2d(1))
    const result = model.forward(zeros([0, 2, 8, 8]))
    expect(result.shape).toEqual([0, 3, 3, 3])
    result.sum().backward()
    for (const parameter of model.parameters()) {
      expect(Array.from(parameter.grad?.data ?? [1])).toEqual(new Array(parameter.size).fill(0))
    }
  })
})

test('a frozen weight leaves the gradient of the bias', () => {
  const [x, weight] = [randn([2, 1, 4, 4]), randn([3, 1, 3, 3])]
  const bias = new Tensor([0, 0, 0])
  F.conv2d(x, weight, bias).sum().backward()
  expect(Array.from(bias.grad?.data ?? [])).toEqual([8, 8, 8])
})

test('weight and bias are right in a second walk from the same gradient, changed in between', () => {
  const x = randn([2, 1, 4, 4], { dtype: 'float64' })
  const [weight, bias] = [
    new Tensor(
      [
        [
          [
            [1, 2],
            [3, 4],
          ],
        ],
      ],
      { dtype: 'float64' },
    ),
    new Tensor([0], { dtype: 'float64' }),
  ]
  const y = F.conv2d(x, weight, bias)
  const g = ones(y.shape, { dtype: 'float64' })
  const walk = () => grad(y, [weight, bias], { gradient: g, retainGraph: true }).map(each => Array.from(each.data))
  const [first] = [walk()]
  expect(walk()).toEqual(first)
  g.assign(g.mul(2))
  expect(walk()).toEqual(first.map(values => values.map(value => 2 * value)))
})

test.each([0.1, null])('a compiled step updates running statistics as an eager one, momentum %s', momentum => {
  const make = () => new nn.Sequential(new nn.Conv2d(1, 2, 3), new nn.BatchNorm2d(2, { momentum }), new nn.ReLU())
  const [eager, compiled] = [make(), make()]
  compiled.loadStateDict(eager.stateDict())
  const stepOf = (model: nn.Layer) => {
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 })
    return (x: Tensor): Tensor => {
      optimizer.zeroGrad()
      const loss = model.forward(x).mean()
      loss.backward()
      optimizer.step()
      return loss
    }
  }
  const [one, other] = [stepOf(eager), compile(stepOf(compiled)).sync]
  for (let i = 0; i < 3; i++) {
    const x = randn([4, 1, 6, 6])
    expect(other(x).item()).toBeCloseTo(one(x).item(), 5)
  }
  const [expected, found] = [eager.stateDict(), compiled.stateDict()]
  expect(found['1.num_batches_tracked'].item()).toBe(3)
  for (const [key, value] of Object.entries(expected)) {
    value.data.forEach((each, i) => {
      expect(found[key].data[i]).toBeCloseTo(each, 5)
    })
  }
  const predict = compile((x: Tensor) => compiled.forward(x))
  compiled.eval()
  eager.eval()
  const x = randn([2, 1, 6, 6])
  const [a, b] = [predict.sync(x), eager.forward(x)]
  a.data.forEach((each, i) => {
    expect(each).toBeCloseTo(b.data[i], 4)
  })
})

test('a clone has running statistics of its own', () => {
  const layer = new nn.BatchNorm1d(2)
  const copy = layer.clone()
  layer.forward(
    tensor([
      [1, 2],
      [3, 5],
    ]),
  )
  expect(copy.num_batches_tracked?.item()).toBe(0)
  expect(copy.running_mean?.toArray()).toEqual([0, 0])
  expect(layer.running_mean?.toArray()).not.toEqual([0, 0])
})
