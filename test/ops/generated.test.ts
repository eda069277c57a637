// What is generated from every op's one declaration: parity of the backends, gradient checks of first and second order,
// fused gradients against their composites, methods, and coverage of every kernel.

import { describe, expect, test } from 'vitest'
import { kernelNames, kernelRow } from '../../lib/backend/table.js'
import * as lib from '../../lib/index.js'
import { grad, Tensor } from '../../lib/index.js'
import { type OpEntry, opEntries } from '../../lib/ops/machinery/registry.js'
import { backendsUnderTest, onBackend, reached } from '../support/backends.js'
import { expectClose } from '../support/close.js'
import { checkGradient, floatInputs, scalarise } from '../support/gradcheck.js'
import { Random, seedOf } from '../support/random.js'
import { samplerFor } from '../support/sampler.js'

type Dtype = 'float32' | 'float64'
type Output = Tensor | readonly Tensor[]

const tolerance = { float32: { relative: 2e-5, absolute: 2e-6 }, float64: { relative: 1e-11, absolute: 1e-12 } }

const samplesOf = (entry: OpEntry, dtype: Dtype): (readonly unknown[])[] => [
  ...entry.samples(samplerFor(new Random(seedOf(entry.name)), dtype)),
]

const outputsOf = (output: unknown): Tensor[] =>
  output instanceof Tensor ? [output] : Array.isArray(output) ? output : [new Tensor(Number(output))]

const shapesOf = (args: readonly unknown[]): string =>
  args
    .map(arg =>
      arg instanceof Tensor ? `[${arg.shape}]` : Array.isArray(arg) ? `(${shapesOf(arg)})` : JSON.stringify(arg),
    )
    .join(' ')

/** Forward and, where there is one, backward from a fixed random gradient. */
function run(entry: OpEntry, args: readonly unknown[]): { arrays: ArrayLike<number>[]; shapes: unknown[] } {
  const outputs = outputsOf(entry.call(...args))
  const inputs = entry.differentiable ? floatInputs(args) : []
  const random = new Random(11)
  const gradients = inputs.length > 0 ? grad(scalarise(outputs, random)(outputs), inputs, { allowUnused: true }) : []
  const all = [...outputs, ...(gradients as (Tensor | null)[]).filter(g => g !== null)]
  return { arrays: all.map(t => t.data.slice()), shapes: all.map(t => [t.shape, t.dtype]) }
}

for (const entry of opEntries.values()) {
  describe(entry.name, () => {
    if (backendsUnderTest.length > 1) {
      for (const dtype of ['float32', 'float64'] as const) {
        test(`native gives what the reference gives, ${dtype}`, () => {
          const forReference = samplesOf(entry, dtype)
          const forNative = samplesOf(entry, dtype)
          forReference.forEach((args, i) => {
            const expected = onBackend('reference', () => run(entry, args))
            const actual = onBackend('native', () => run(entry, forNative[i]))
            expect(actual.shapes).toEqual(expected.shapes)
            expected.arrays.forEach((array, j) => {
              expectClose(actual.arrays[j], array, tolerance[dtype], `${entry.name} ${shapesOf(args)} value ${j}`)
            })
          })
        })
      }
    }

    for (const backend of backendsUnderTest) {
      if (!entry.differentiable) {
        test(`runs on ${backend}`, () => {
          for (const args of samplesOf(entry, 'float64')) {
            const outputs = onBackend(backend, () => outputsOf(entry.call(...args)))
            for (const output of outputs) expect(output.requiresGrad && output.dtype !== 'float32').toBe(false)
          }
        })
        continue
      }

      test(`gradient on ${backend}`, () => {
        for (const args of samplesOf(entry, 'float64')) {
          onBackend(backend, () => {
            const random = new Random(seedOf(entry.name) + 1)
            const value = (): Output => entry.call(...args)
            const reduce = scalarise(value(), random)
            checkGradient(`${entry.name} ${shapesOf(args)}`, () => reduce(value()), floatInputs(args), random)
          })
        }
      })

      if (entry.smooth) {
        test(`gradient of the gradient on ${backend}`, () => {
          for (const args of samplesOf(entry, 'float64')) {
            onBackend(backend, () => {
              const random = new Random(seedOf(entry.name) + 2)
              const inputs = floatInputs(args)
              const reduce = scalarise(entry.call(...args), random)
              const gradients = (): Tensor[] =>
                (
                  grad(reduce(entry.call(...args)), inputs, {
                    createGraph: true,
                    allowUnused: true,
                  }) as (Tensor | null)[]
                )
                  // An op that is linear has a gradient that depends on no input; it then needs none itself.
                  .map((g, i) => (g ?? inputs[i].mul(0)).add(inputs[i].mul(0)))
              const outer = scalarise(gradients(), random)
              checkGradient(`${entry.name} ${shapesOf(args)}`, () => outer(lib.enableGrad(gradients)), inputs, random)
            })
          }
        })
      }

      if (entry.composite !== undefined) {
        const { composite } = entry
        test(`fused equals composite on ${backend}`, () => {
          for (const args of samplesOf(entry, 'float64')) {
            const [fused, plain] = onBackend(backend, () =>
              lib.noGrad(() => [outputsOf(entry.call(...args)), outputsOf(composite(...args))]),
            )
            expect(fused.map(({ shape }) => shape)).toEqual(plain.map(({ shape }) => shape))
            for (const [i, { data }] of fused.entries()) {
              const what = `${entry.name} ${shapesOf(args)}, result ${i}`
              expectClose(data, plain[i].data, { relative: 1e-9, absolute: 1e-10 }, what)
            }
          }
        })
      }
    }
  })
}

test('the ops that are methods give what the functions give', () => {
  const methods = [...opEntries.values()].filter(({ name }) => name in Tensor.prototype)
  expect(methods.length).toBeGreaterThan(60)
  for (const { name, call } of methods) {
    for (const [self, ...rest] of opEntries.get(name)?.samples(samplerFor(new Random(3), 'float32')) ?? []) {
      const method = (self as unknown as Record<string, (...args: unknown[]) => unknown>)[name]
      const print = (result: unknown): string => outputsOf(result).join(' ')
      expect(print(method.call(self, ...rest))).toBe(print(call(self, ...rest)))
    }
  }
})

const optimizers = Object.values(lib.optim).filter(
  (value): value is typeof lib.optim.SGD =>
    typeof value === 'function' && value.prototype instanceof lib.optim.Optimizer,
)

test('every kernel is reached', () => {
  for (const backend of backendsUnderTest) {
    onBackend(backend, () => {
      lib.manualSeed(1)
      lib.rand([5])
      lib.randn([5])
      lib.linspace(0, 1, 5)
      lib.nn.functional.dropout(lib.ones([5]))
      for (const Optimizer of optimizers) {
        const weight = new Tensor([1, 2, 3])
        const optimizer = new Optimizer([weight], { lr: 0.1 })
        weight.mul(weight).sum().backward()
        optimizer.step()
      }
    })
  }
  // What only planning puts in a program is tested where that is: test/compile/embeddings.test.ts, passes/epilogue-fusion.test.ts.
  const planned = new Set(
    kernelNames.map(kernelRow).flatMap(({ lists, rowSparse, epilogue }) => [lists, rowSparse, epilogue?.kernel]),
  )
  expect(kernelNames.filter(name => !reached.has(name) && !planned.has(name))).toEqual([])
})
