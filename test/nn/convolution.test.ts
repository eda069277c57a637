// Convolutions, pooling, batch and group norm against PyTorch (test/fixtures/convolution.py): values, gradients, state.

import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { getBackend, nn, setBackend, type Tensor, tensor } from '../../lib/index.js'
import { backendsUnderTest } from '../support/backends.js'

interface Plain {
  readonly shape: readonly number[]
  readonly dtype: 'float64' | 'int32'
  readonly values: readonly (number | string)[]
}
type Named = readonly (readonly [string, Plain])[]
interface Fixture {
  readonly functional: readonly {
    readonly name: string
    readonly fn: string
    readonly args: readonly (Plain | null)[]
    readonly options: Readonly<Record<string, unknown>>
    readonly output: Plain
    readonly upstream: Plain
    readonly grads: readonly (Plain | null)[]
  }[]
  readonly modules: readonly {
    readonly name: string
    readonly train: boolean
    readonly state: Named
    readonly runs: readonly {
      readonly input: Plain
      readonly output: Plain
      readonly upstream: Plain
      readonly gradient: Plain
      readonly grads: Named
      readonly after: Named
    }[]
  }[]
}

const file = new URL('../fixtures/convolution.json', import.meta.url)
const fixture = JSON.parse(readFileSync(file, 'utf8')) as Fixture
const named: Readonly<Record<string, number>> = { nan: Number.NaN, inf: Infinity, '-inf': -Infinity }
const numbersOf = ({ values }: Plain): number[] =>
  values.map(value => (typeof value === 'string' ? named[value] : value))

type FloatType = 'float32' | 'float64'
const read = (plain: Plain, float: FloatType, requiresGrad = false): Tensor => {
  const dtype = plain.dtype === 'int32' ? plain.dtype : float
  return tensor(Float64Array.from(numbersOf(plain)), { shape: plain.shape, dtype, requiresGrad })
}

function expectClose(what: string, actual: Tensor | null, expected: Plain): void {
  if (actual === null) throw new Error(`${what}: nothing there`)
  expect(actual.shape, `${what}: shape`).toEqual(expected.shape)
  const numbers = numbersOf(expected)
  const tolerance = actual.dtype === 'float64' ? 1e-12 : 2e-5
  const scale = Math.max(1, ...numbers.filter(Number.isFinite).map(Math.abs))
  for (const [i, value] of numbers.entries()) {
    if (Object.is(actual.data[i], value) || Math.abs(actual.data[i] - value) <= tolerance * scale) continue
    expect.fail(`${what}: element ${i} is ${actual.data[i]}, PyTorch has ${value}`)
  }
}

const { AvgPool2d, BatchNorm1d, BatchNorm2d, Conv1d, Conv2d, Flatten, GroupNorm, Linear, MaxPool2d, ReLU, Sequential } =
  nn

const models: Readonly<Record<string, (dtype: FloatType) => nn.Layer>> = {
  conv: dtype =>
    new Sequential(
      new Conv2d(2, 4, 3, { stride: 2, padding: 1, dtype }),
      new ReLU(),
      new MaxPool2d(2),
      new Flatten(),
      new Linear(16, 3, { dtype }),
    ),
  grouped: dtype =>
    new Sequential(
      new Conv2d(4, 6, [3, 2], { groups: 2, bias: false, dilation: [1, 2], dtype }),
      new AvgPool2d(2, { stride: 1, padding: 1 }),
      new GroupNorm(3, 6, { dtype }),
      new Conv2d(6, 2, 1, { dtype }),
    ),
  sequence: dtype =>
    new Sequential(
      new Conv1d(3, 4, 3, { padding: 1, dtype }),
      new BatchNorm1d(4, { dtype }),
      new Conv1d(4, 2, 2, { stride: 2, dtype }),
    ),
  batchNorm2d: dtype => new BatchNorm2d(3, { dtype }),
  batchNorm1d: dtype => new BatchNorm1d(3, { momentum: null, eps: 1e-3, dtype }),
  'batchNorm1d of a length': dtype => new BatchNorm1d(3, { affine: false, momentum: 0.3, dtype }),
  'batchNorm2d without statistics': dtype => new BatchNorm2d(3, { trackRunningStats: false, dtype }),
  groupNorm: dtype => new GroupNorm(2, 6, { eps: 1e-4, dtype }),
  'groupNorm of rows': dtype => new GroupNorm(3, 6, { dtype }),
  'groupNorm plain': dtype => new GroupNorm(1, 4, { affine: false, dtype }),
}

const before = getBackend()
afterAll(() => setBackend(before))

describe.each(backendsUnderTest)('on %s', backend => {
  describe.each(['float64', 'float32'] as const)('as PyTorch in %s', dtype => {
    it.each(fixture.functional)('$name', ({ fn, args, options, output, upstream, grads }) => {
      setBackend(backend)
      const given = args.map(arg => (arg === null ? null : read(arg, dtype, true)))
      const call = nn.functional[fn as keyof typeof nn.functional] as (...args: unknown[]) => Tensor
      const result = call(...given, options)
      expectClose('output', result, output)
      result.backward(read(upstream, dtype))
      for (const [i, expected] of grads.entries()) {
        if (expected !== null) expectClose(`gradient ${i}`, given[i]?.grad ?? null, expected)
      }
    })

    it.each(fixture.modules)('$name, training $train', ({ name, train, state, runs }) => {
      setBackend(backend)
      const model = models[name](dtype).train(train)
      expect(Object.keys(model.stateDict())).toEqual(state.map(([key]) => key))
      model.loadStateDict(Object.fromEntries(state.map(([key, value]) => [key, read(value, dtype)])))
      for (const { input, output, upstream, gradient, grads, after } of runs) {
        model.zeroGrad()
        const x = read(input, dtype, true)
        const result = model.forward(x)
        expectClose('output', result, output)
        result.backward(read(upstream, dtype))
        expectClose('gradient', x.grad, gradient)
        const found = model.namedParameters()
        expect(found.map(([key]) => key)).toEqual(grads.map(([key]) => key))
        for (const [i, [key, expected]] of grads.entries()) expectClose(key, found[i][1].grad, expected)
        const left = model.stateDict()
        for (const [key, expected] of after) expectClose(`${key} afterwards`, left[key], expected)
      }
    })
  })
})
