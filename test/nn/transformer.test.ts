// Attention, the root-mean-square norm and the modules of transformers against PyTorch: the names and shapes of their
// state, what they give, every gradient.

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type DType, nn, type Tensor, tensor } from '../../lib/index.js'
import { expectClose, type Plain } from './fixture.js'

interface Shown {
  readonly shape: readonly number[]
  readonly dtype: 'float64' | 'bool'
  readonly values: readonly number[]
}
interface FunctionCase {
  readonly name: string
  readonly fn: string
  readonly args: readonly Shown[]
  readonly options: Readonly<Record<string, unknown>>
  readonly output: Plain
  readonly upstream: Shown
  readonly grads: readonly Plain[]
}
interface ModuleCase extends Omit<FunctionCase, 'fn' | 'args' | 'grads'> {
  readonly state: readonly (readonly [string, Shown])[]
  readonly inputs: readonly Shown[]
  readonly grads: readonly (readonly [string, Plain])[]
  readonly inputGrads: readonly Plain[]
}

const fixture: { readonly functional: readonly FunctionCase[]; readonly modules: readonly ModuleCase[] } = JSON.parse(
  readFileSync(new URL('../fixtures/transformer.json', import.meta.url), 'utf8'),
)

const read = ({ values, shape, dtype: own }: Shown, dtype: DType, requiresGrad = false): Tensor =>
  tensor(Float64Array.from(values), { shape, dtype: own === 'bool' ? own : dtype, requiresGrad })
const readOptions = (options: Readonly<Record<string, unknown>>, dtype: DType): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(options).map(([key, value]) => {
      const isTensor = typeof value === 'object' && value !== null && 'tensor' in value
      return [key, isTensor ? read(value.tensor as Shown, dtype) : value]
    }),
  )

type Model = nn.MultiheadAttention | nn.TransformerEncoderLayer | nn.TransformerEncoder
type Float = 'float32' | 'float64'
const { LayerNorm, MultiheadAttention, TransformerEncoder, TransformerEncoderLayer } = nn

const layer = (dtype: Float, options: nn.TransformerEncoderLayerOptions = {}) =>
  new TransformerEncoderLayer(6, 2, { dimFeedforward: 10, dropout: 0, dtype, ...options })

/** By the names in test/fixtures/transformer.py. */
const models: Readonly<Record<string, (dtype: Float) => Model>> = {
  self: dtype => new MultiheadAttention(6, 2, { batchFirst: true, dtype }),
  'self, causal': dtype => new MultiheadAttention(6, 2, { batchFirst: true, dtype }),
  'self, masks': dtype => new MultiheadAttention(6, 2, { dtype }),
  'self, mask of each head': dtype => new MultiheadAttention(6, 2, { dtype }),
  'no batch': dtype => new MultiheadAttention(6, 3, { dtype }),
  cross: dtype => new MultiheadAttention(6, 2, { bias: false, dtype }),
  layer: dtype => layer(dtype),
  'layer, norm first': dtype => layer(dtype, { activation: 'gelu', normFirst: true, batchFirst: true }),
  'layer, masks': dtype => layer(dtype, { batchFirst: true }),
  encoder: dtype => new TransformerEncoder(layer(dtype, { batchFirst: true }), 2, new LayerNorm(6, { dtype })),
}

function runModel(model: Model, inputs: readonly Tensor[], options: Record<string, unknown>): Tensor {
  if (!(model instanceof MultiheadAttention)) return model.forward(inputs[0], options)
  const [query, key = query, value = key] = inputs
  return model.forward(query, key, value, options)
}

describe.each(['float64', 'float32'] as const)('as PyTorch in %s', dtype => {
  it.each(fixture.functional)('$name', ({ fn, args, options, output, upstream, grads }) => {
    const functions = nn.functional as unknown as Readonly<Record<string, (...args: unknown[]) => Tensor>>
    const tensors = args.map(arg => read(arg, dtype, true))
    const rest = fn === 'rmsNorm' && tensors.length === 1 ? [null] : []
    const result = functions[fn](...tensors, ...rest, readOptions(options, dtype))
    expectClose('value', result, output)
    result.backward(read(upstream, dtype))
    for (const [i, expected] of grads.entries()) expectClose(`gradient ${i}`, tensors[i].grad, expected)
  })

  it.each(fixture.modules)('$name', ({ name, state, inputs, options, output, upstream, grads, inputGrads }) => {
    const model = models[name](dtype)
    expect(Object.entries(model.stateDict()).map(([key, { shape }]) => [key, shape])).toEqual(
      state.map(([key, { shape }]) => [key, shape]),
    )
    model.loadStateDict(Object.fromEntries(state.map(([key, value]) => [key, read(value, dtype)])))
    const tensors = inputs.map(input => read(input, dtype, true))
    const result = runModel(model, tensors, readOptions(options, dtype))
    expectClose('output', result, output)
    result.backward(read(upstream, dtype))
    const found = model.namedParameters()
    expect(found.map(([key]) => key)).toEqual(grads.map(([key]) => key))
    for (const [i, [key, expected]] of grads.entries()) expectClose(key, found[i][1].grad, expected)
    for (const [i, expected] of inputGrads.entries()) expectClose(`input ${i}`, tensors[i].grad, expected)
  })
})
