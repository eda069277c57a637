// LSTM and GRU against PyTorch: names and shapes of their state, results, last states, every gradient; compiled as eager;
// what is refused.

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { compile, grad, manualSeed, nn, noGrad, optim, randn, ShapeError, Tensor, tensor } from '../../lib/index.js'
import { testsOn } from '../compile/support/on-backend.js'
import { backendsUnderTest } from '../support/backends.js'
import { expectClose, type Plain, read } from './fixture.js'

interface Case {
  readonly name: string
  readonly kind: 'LSTM' | 'GRU' | 'LSTMCell' | 'GRUCell'
  readonly sizes: readonly [number, number]
  readonly options: nn.RecurrentOptions
  readonly state: readonly (readonly [string, Plain])[]
  readonly input: Plain
  readonly states: readonly Plain[]
  readonly outputs: readonly Plain[]
  readonly upstream: readonly Plain[]
  readonly inputGrads: readonly Plain[]
  readonly grads: readonly (readonly [string, Plain])[]
}

const cases: readonly Case[] = JSON.parse(readFileSync(new URL('../fixtures/recurrent.json', import.meta.url), 'utf8'))

type Nested = Tensor | readonly Nested[]
const flat = (results: Nested): Tensor[] => (results instanceof Tensor ? [results] : results.flatMap(flat))

/** Calls a module as its kind is called: states alone, or as a pair. */
function run(module: nn.Module, kind: Case['kind'], x: Tensor, states: readonly Tensor[]): Tensor[] {
  const forward = module.forward.bind(module) as (x: Tensor, state: unknown) => Nested
  return flat(forward(x, states.length === 0 ? null : kind.startsWith('GRU') ? states[0] : states))
}

function load({ kind, sizes, options, state }: Case, dtype: 'float32' | 'float64'): nn.Module {
  const module = new nn[kind](...sizes, { ...options, dtype })
  module.loadStateDict(Object.fromEntries(state.map(([name, value]) => [name, read(value, dtype)])))
  return module
}

describe.each(backendsUnderTest)('on %s', backend => {
  const on = testsOn(backend)
  for (const dtype of ['float32', 'float64'] as const) {
    for (const each of cases) {
      on(`${each.name}, ${dtype}`, () => {
        const module = load(each, dtype)
        const shapes = Object.entries(module.stateDict()).map(([name, { shape }]) => [name, shape])
        expect(shapes).toEqual(each.state.map(([name, { shape }]) => [name, shape]))
        const x = read(each.input, dtype, true)
        const states = each.states.map(state => read(state, dtype, true))
        const outputs = run(module, each.kind, x, states)
        expect(outputs).toHaveLength(each.outputs.length)
        for (const [i, expected] of each.outputs.entries()) expectClose(`result ${i}`, outputs[i], expected)
        outputs
          .map((output, i) => output.mul(read(each.upstream[i], dtype)).sum())
          .reduce((sum, term) => sum.add(term))
          .backward()
        for (const [i, expected] of each.inputGrads.entries()) {
          expectClose(`gradient of input ${i}`, [x, ...states][i].grad, expected)
        }
        const parameters = Object.fromEntries(module.namedParameters())
        for (const [name, expected] of each.grads) expectClose(`gradient of ${name}`, parameters[name].grad, expected)
      })
    }
  }

  on('a compiled step trains as an eager one, dropout included', () => {
    const losses = [false, true].map(compiled => {
      manualSeed(3)
      const lstm = new nn.LSTM(4, 6, { numLayers: 2, bidirectional: true, dropout: 0.3 })
      const gru = new nn.GRU(12, 5)
      const optimizer = new optim.Adam([...lstm.parameters(), ...gru.parameters()], { lr: 1e-2 })
      const body = (x: Tensor): Tensor => {
        optimizer.zeroGrad()
        const [output, [, c]] = lstm.forward(x)
        const [, h] = gru.forward(output)
        const loss = h.mul(h).mean().add(c.mean())
        loss.backward()
        optimizer.step()
        return loss
      }
      const step = compiled ? compile(body, { fusion: false }).sync : body
      return Array.from({ length: 4 }, () => step(randn([3, 2, 4])).item())
    })
    expect(losses[1]).toEqual(losses[0])
  })
})

test('a gradient has a gradient', () => {
  manualSeed(1)
  const [x, layer] = [new Tensor(randn([3, 2, 2]).toArray() as number[][][]), new nn.LSTM(2, 3)]
  const [output] = layer.forward(x)
  const [first] = grad(output.sum(), [x], { createGraph: true })
  expect(grad(first.mul(first).sum(), x).shape).toEqual([3, 2, 2])
})

test('dropout lies between layers, while training only', () => {
  const layer = new nn.GRU(3, 4, { numLayers: 2, dropout: 0.5 })
  const x = randn([5, 2, 3])
  const sum = (): number => noGrad(() => layer.forward(x)[0].sum().item())
  expect(sum()).not.toBe(sum())
  layer.eval()
  expect(sum()).toBe(sum())
})

test('a copy has weights of its own', () => {
  const layer = new nn.LSTM(2, 3)
  const copy = layer.clone()
  expect(Object.keys(copy.stateDict())).toEqual(Object.keys(layer.stateDict()))
  for (const parameter of copy.parameters()) nn.init.zeros(parameter)
  expect(layer.parameters().every(parameter => parameter.data.every(value => value === 0))).toBe(false)
})

test('what does not fit is refused', () => {
  const lstm = new nn.LSTM(3, 5, { batchFirst: true })
  const zeros = (...shape: number[]): Tensor => tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), { shape })
  expect(() => lstm.forward(zeros(2, 4, 7))).toThrow(
    new ShapeError('LSTM: expected input [batch, time, 3] or [time, 3] with at least one step, got [2, 4, 7]'),
  )
  expect(() => lstm.forward(zeros(2, 0, 3))).toThrow(ShapeError)
  expect(() => lstm.forward(zeros(2, 4, 3), [zeros(1, 3, 5), zeros(1, 2, 5)])).toThrow(
    new ShapeError('LSTM: expected states [1, 2, 5] for input [2, 4, 3], got [1, 3, 5]'),
  )
  expect(() => lstm.forward(zeros(2, 4, 3), [zeros(1, 2, 5)] as unknown as nn.LSTMState)).toThrow(
    'LSTM: expected states [h, c]',
  )
  expect(() => new nn.GRUCell(3, 5).forward(zeros(2, 4))).toThrow(
    new ShapeError('GRUCell: expected input [batch, 3] or [3], got [2, 4]'),
  )
  expect(() => new nn.GRU(3, 5, { numLayers: 0 })).toThrow('GRU: expected numLayers of at least 1, got 0')
  expect(() => new nn.GRU(3, 5, { dropout: 2 })).toThrow('GRU: ')
  expect(new nn.GRU(3, 5).forward(zeros(2, 0, 3))[0].shape).toEqual([2, 0, 5])
})
