// Whatever a caller without types may pass: each public function answers garbage with an error of ours, never with a
// TypeError from within, a crash or a result that ignores what was said.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import * as bg from '../lib/index.js'
import { data, io, nn, ones, optim, type Tensor, tensor } from '../lib/index.js'

const folder = mkdtempSync(join(tmpdir(), 'blasgrad-options-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = join(folder, 'a.safetensors')
io.saveSafetensors(file, { a: ones([2]) })

const matrix = (): Tensor =>
  tensor([
    [1, 2, 3],
    [4, 5, 6],
  ])
const parameter = (): nn.Parameter => new nn.Parameter(matrix())
const linear = (): nn.Linear => new nn.Linear(3, 2)
const ids = tensor(Int32Array.of(0, 1))
const { functional: F, init } = nn

const garbage: readonly unknown[] = [
  ...[undefined, null, 'x', {}, [], true, Symbol('s'), 10n, () => 1, new Date(0), new Map(), new BigInt64Array(2)],
  ...[Number.NaN, Infinity, -Infinity, -1, 0.5, 1e300, 2 ** 31, 2 ** 53],
  ...[[null], [undefined], ['x'], new Array(2), [[1], [2, 3]], [Number.NaN], [-1], [0.5]],
  ...[[10n], [Symbol('s')], Object.create(null), 'x'.repeat(1e6), 10n ** 10_000n, { [Symbol.toPrimitive]: null }],
  ...[circular(), shared(), [circular(), circular()], [1, circular()], [shared(), shared()]],
]

/** An array that holds itself. */
function circular(): unknown[] {
  const array: unknown[] = []
  array.push(array, array)
  return array
}

/** An array of 2⁶⁰ elements, which are the same: whatever visits them all does not come back. */
function shared(): unknown[] {
  let array: unknown[] = ['x', 'x']
  for (let depth = 0; depth < 60; depth++) array = [array, array]
  return array
}

/** A file's name, in the folder of this test. */
const inFolder = (name: string): string => (typeof name === 'string' ? join(folder, name) : name)

type Call = (...args: never[]) => unknown

/** Every public function with arguments that are right; each is then replaced by garbage in turn. */
const calls: Readonly<Record<string, readonly [Call, ...(readonly unknown[])]>> = {
  ...Object.fromEntries(
    ['sum', 'mean', 'prod', 'max', 'min', 'logsumexp', 'variance', 'std', 'norm', 'argmax', 'argmin', 'any', 'all'].map(
      name => [name, [Reflect.get(bg, name), matrix(), 0, {}]],
    ),
  ),
  ...Object.fromEntries(
    ['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'greater', 'less', 'equal', 'xlogy', 'xdivy'].map(name => [
      name,
      [Reflect.get(bg, name), matrix(), matrix()],
    ]),
  ),
  ...Object.fromEntries(
    ['neg', 'abs', 'exp', 'log', 'sqrt', 'relu', 'softplus', 'clone', 'logicalNot'].map(name => [
      name,
      [Reflect.get(bg, name), matrix()],
    ]),
  ),
  tensor: [tensor, [1, 2], {}],
  Tensor: [(...args) => Reflect.construct(bg.Tensor, args), [1, 2], {}],
  full: [bg.full, [2], 1, {}],
  zeros: [bg.zeros, [2], {}],
  eye: [bg.eye, 2, 2, {}],
  arange: [bg.arange, 0, 3, 1, {}],
  linspace: [bg.linspace, 0, 1, 3, {}],
  rand: [bg.rand, [2], {}],
  reshape: [bg.reshape, matrix(), [3, 2]],
  flatten: [bg.flatten, matrix(), 0, 1],
  squeeze: [bg.squeeze, matrix(), 0],
  unsqueeze: [bg.unsqueeze, matrix(), 0],
  expand: [bg.expand, matrix(), [2, 3]],
  slice: [bg.slice, matrix(), [0, 1], [0, 1]],
  pad: [
    bg.pad,
    matrix(),
    [
      [1, 1],
      [0, 0],
    ],
    0,
  ],
  permute: [bg.permute, matrix(), [1, 0]],
  transpose: [bg.transpose, matrix(), 0, 1],
  concat: [bg.concat, [matrix(), matrix()], 0],
  stack: [bg.stack, [matrix(), matrix()], 0],
  split: [bg.split, matrix(), 1, 0],
  gather: [bg.gather, matrix(), 1, [[0], [1]]],
  indexSelect: [bg.indexSelect, matrix(), 0, ids],
  embedding: [bg.embedding, matrix(), ids],
  matmul: [bg.matmul, matrix(), ones([3, 2])],
  linear: [bg.linear, matrix(), ones([2, 3]), ones([2])],
  softmax: [bg.softmax, matrix(), 1],
  crossEntropy: [bg.crossEntropy, matrix(), matrix()],
  where: [bg.where, tensor([true, false, true]), matrix(), matrix()],
  maskedFill: [bg.maskedFill, matrix(), tensor([true, false, true]), 0],
  tril: [bg.tril, matrix(), 0],
  pow: [bg.pow, matrix(), 2],
  clamp: [bg.clamp, matrix(), 0, 1],
  leakyRelu: [bg.leakyRelu, matrix(), 0.1],
  gelu: [bg.gelu, matrix(), {}],
  allclose: [bg.allclose, matrix(), matrix(), {}],
  to: [bg.to, matrix(), 'float64'],
  manualSeed: [bg.manualSeed, 1],
  noGrad: [bg.noGrad, () => 1],
  defineOp: [bg.defineOp, { name: 'op', forward: ([x]: Tensor[]) => x.neg(), vjp: (g: Tensor) => [g] }],
  grad: [(input, options) => bg.grad(new bg.Tensor(1), input, options), [], {}],
  backward: [(gradient, options) => parameter().mul(2).backward(gradient, options), matrix(), {}],
  assign: [values => matrix().assign(values), matrix()],
  'F.crossEntropy': [F.crossEntropy, matrix(), ids, {}],
  'F.nllLoss': [F.nllLoss, matrix(), ids, {}],
  'F.mseLoss': [F.mseLoss, matrix(), matrix(), {}],
  'F.l1Loss': [F.l1Loss, matrix(), matrix(), {}],
  'F.huberLoss': [F.huberLoss, matrix(), matrix(), {}],
  'F.binary': [F.binaryCrossEntropyWithLogits, matrix(), matrix(), {}],
  'F.layerNorm': [F.layerNorm, matrix(), ones([3]), ones([3]), {}],
  'F.embedding': [F.embedding, ids, matrix(), {}],
  Linear: [(...args) => Reflect.construct(nn.Linear, args), 2, 3, {}],
  Embedding: [(...args) => Reflect.construct(nn.Embedding, args), 2, 3, {}],
  LayerNorm: [(...args) => Reflect.construct(nn.LayerNorm, args), 3, {}],
  GELU: [options => new nn.GELU(options), {}],
  Parameter: [(...args) => Reflect.construct(nn.Parameter, args), [1, 2], {}],
  Sequential: [layer => new nn.Sequential(layer), new nn.ReLU()],
  loadStateDict: [(state, options) => linear().loadStateDict(state, options), linear().stateDict(), {}],
  registerBuffer: [(...args) => Reflect.apply(linear().registerBuffer, linear(), args), 'mean', matrix(), {}],
  apply: [fn => linear().apply(fn), () => {}],
  kaimingUniform: [init.kaimingUniform, matrix(), {}],
  xavierNormal: [init.xavierNormal, matrix(), {}],
  uniform: [init.uniform, matrix(), 0, 1],
  SGD: [(params, options) => new optim.SGD(params, options), [parameter()], {}],
  'SGD.loadStateDict': [
    state => new optim.SGD([parameter()]).loadStateDict(state),
    new optim.SGD([parameter()]).stateDict(),
  ],
  clipGradNorm: [optim.clipGradNorm, [parameter()], 1, {}],
  clipGradValue: [optim.clipGradValue, [parameter()], 1],
  TensorDataset: [field => new data.TensorDataset(field), matrix()],
  'TensorDataset.get': [index => new data.TensorDataset(matrix()).get(index), 0],
  'TensorDataset.batch': [indices => new data.TensorDataset(matrix()).batch(indices), Int32Array.of(0)],
  DataLoader: [(source, options) => [...new data.DataLoader(source, options)], new data.TensorDataset(matrix()), {}],
  encodeSafetensors: [io.encodeSafetensors, { a: matrix() }, {}],
  decodeSafetensors: [io.decodeSafetensors, io.encodeSafetensors({ a: matrix() }), {}],
  loadSafetensors: [io.loadSafetensors, file, {}],
  saveSafetensors: [
    (path, tensors, options) => io.saveSafetensors(inFolder(path), tensors, options),
    'b',
    { a: ones([2]) },
    {},
  ],
  readSafetensorsMetadata: [io.readSafetensorsMetadata, file],
  readIdx: [data.readIdx, Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 5)],
}

function attempt(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  return undefined
}

describe('garbage in place of each argument', () => {
  test.each(Object.entries(calls))('%s', (name, [call, ...args]) => {
    const run = (values: readonly unknown[]): unknown => attempt(() => call(...(values as never[])))
    expect(run(args), 'with arguments that are right').toBeUndefined()
    for (let i = 0; i < args.length; i++) {
      for (const value of garbage) {
        const error = run(args.with(i, value))
        if (error === undefined) continue
        expect(error, `${name}, argument ${i}: ${bg.showValue(value)}`).toBeInstanceOf(bg.BlasgradError)
        const { message } = error as Error
        expect(message).toMatch(/^[\w.]+: /)
        expect(message.length).toBeLessThan(700)
      }
      if (Object.getPrototypeOf(args[i]) === Object.prototype && Object.keys(args[i] as object).length === 0) {
        for (const value of [null, 'x', [1], true, 3, { noSuchOption: 1 }]) {
          const what = `${name}: ${bg.showValue(value)} in place of options`
          expect(run(args.with(i, value)), what).toBeInstanceOf(bg.ArgumentError)
        }
      }
    }
  })
})

test.each<[string, () => unknown]>([
  ['sum: expected options keepdims, got keepDims', () => ones([2]).sum(0, { keepDims: true } as never)],
  ['sum: expected keepdims to be true or false, got 1', () => ones([2]).sum(0, { keepdims: 1 } as never)],
  ['zeros: expected an object of options, got 3', () => bg.zeros(2, 3 as never)],
  ['norm: expected ord to be above 0, got 0', () => ones([2]).norm(null, { ord: 0 })],
  [
    'variance: expected correction to be a finite number, got NaN',
    () => ones([2]).variance(0, { correction: Number.NaN }),
  ],
  ['sum: expected an axis or a list of axes, got "x"', () => ones([2]).sum('x' as never)],
  ['pad: expected at most 2147483647 elements', () => ones([1]).pad([[2 ** 31, 0]])],
  [
    'Tensor: expected arrays nested at most 64 deep',
    () => {
      const endless: unknown[] = []
      endless.push(endless)
      tensor(endless as never)
    },
  ],
  ['Tensor: expected numbers or booleans, got Tensor', () => new bg.Tensor(ones([2]) as never)],
])('%s', (message, run) => {
  expect(run).toThrow(message)
})
