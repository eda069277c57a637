// What is generated from every op's one declaration: its samples, forward and gradient, give compiled what they give
// eager, on each backend: to the bit without fusion, within rounding with it.

import { describe, expect, test } from 'vitest'
import { compile } from '../../lib/compile/compile.js'
import { context } from '../../lib/core/context.js'
import { grad, setBackend, Tensor } from '../../lib/index.js'
import { type OpEntry, opEntries } from '../../lib/ops/machinery/registry.js'
import { backendsUnderTest } from '../support/backends.js'
import { expectClose } from '../support/close.js'
import { floatInputs, scalarise } from '../support/gradcheck.js'
import { Random, seedOf } from '../support/random.js'
import { samplerFor } from '../support/sampler.js'

const dtypes = ['float32', 'float64'] as const
const tolerance = { float32: { relative: 2e-5, absolute: 2e-6 }, float64: { relative: 1e-11, absolute: 1e-12 } }

const tensorsIn = (args: readonly unknown[]): Tensor[] =>
  args.flatMap(arg => (arg instanceof Tensor ? [arg] : Array.isArray(arg) ? tensorsIn(arg) : []))

/** What the call gives and, where there is one, its gradient from a fixed random one. */
function outcome({ call, differentiable }: OpEntry, args: readonly unknown[]): Tensor[] {
  const output: Tensor | readonly Tensor[] = call(...args)
  const inputs = differentiable ? floatInputs(args) : []
  const outputs = output instanceof Tensor ? [output] : output
  if (inputs.length === 0) return [...outputs]
  const gradients = grad(scalarise(outputs, new Random(11))(outputs), inputs, { allowUnused: true })
  return [...outputs, ...(gradients as (Tensor | null)[]).filter(g => g !== null)]
}

/** Some ops give a value, which is not there while a step is recorded. */
const givesValue = (entry: OpEntry, args: readonly unknown[]): boolean => typeof entry.call(...args) === 'boolean'

let [compared, refused] = [0, 0]

function compareSample(entry: OpEntry, args: readonly unknown[], dtype: 'float32' | 'float64', what: string): void {
  const captures = tensorsIn(args)
  if (givesValue(entry, args)) {
    expect(() => compile(() => entry.call(...args), { captures }).sync()).toThrow('values cannot be read')
    refused++
    return
  }
  const expected = outcome(entry, args)
  for (const fusion of [false, true]) {
    const step = compile(() => outcome(entry, args), { captures, fusion })
    // Twice: what a run leaves behind must not be seen by the next.
    for (const actual of [step.sync(), step.sync()]) {
      expect(actual.map(t => [t.shape, t.dtype])).toEqual(expected.map(t => [t.shape, t.dtype]))
      expected.forEach((tensor, i) => {
        if (fusion) expectClose(actual[i].data, tensor.data, tolerance[dtype], `${what}, value ${i}`)
        else expect(actual[i].data, `${what}, value ${i}`).toEqual(tensor.data)
      })
    }
  }
  compared++
}

describe.each(backendsUnderTest)('on %s', backend => {
  test.each([...opEntries.keys()])('%s', name => {
    const before = context.active
    setBackend(backend)
    try {
      const entry = opEntries.get(name) as OpEntry
      for (const dtype of dtypes) {
        const samples = [...entry.samples(samplerFor(new Random(seedOf(name)), dtype))]
        for (const [i, args] of samples.entries()) {
          compareSample(entry, args, dtype, `${name}, ${dtype}, sample ${i}`)
        }
      }
    } finally {
      context.active = before
    }
  })
})

test('nearly all of them can be compiled', () => {
  expect(compared).toBeGreaterThan(500)
  expect(refused).toBeLessThan(20)
})
