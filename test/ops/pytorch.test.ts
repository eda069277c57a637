// The ops against fixed numbers from PyTorch (test/fixtures/ops.json, written by ops.py beside it): values, gradients,
// shapes and dtypes, in float64 and float32, on every backend.

import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import * as bg from '../../lib/index.js'
import { type DType, type Tensor, type TensorLike, tensor } from '../../lib/index.js'
import { opEntries } from '../../lib/ops/machinery/registry.js'

interface Shown {
  readonly shape: readonly number[]
  readonly dtype: DType
  readonly values: readonly (number | string)[]
  readonly grad?: true
}
type Json = number | string | boolean | null | Shown | readonly Json[] | { readonly [key: string]: Json }
interface Case {
  readonly op: string
  readonly title: string
  readonly args: readonly Json[]
  readonly outputs: readonly Shown[]
  readonly seeds: readonly Shown[]
  readonly gradients: readonly Shown[]
}
interface Fixture {
  readonly cases: readonly Case[]
  readonly promotions: readonly (readonly [a: string, b: string, result: DType])[]
}

const file = new URL('../fixtures/ops.json', import.meta.url)
const { cases, promotions } = JSON.parse(readFileSync(file, 'utf8')) as Fixture
const named: Readonly<Record<string, number>> = { nan: Number.NaN, inf: Infinity, '-inf': -Infinity }
const numbersOf = ({ values }: Shown): number[] =>
  values.map(value => (typeof value === 'string' ? named[value] : value))

const isShown = (value: Json): value is Shown => typeof value === 'object' && value !== null && 'values' in value

type FloatType = 'float32' | 'float64'
const dtypeOf = (shown: Shown, float: FloatType): DType => (shown.dtype === 'float64' ? float : shown.dtype)

/** An argument made from its JSON form; leaves that want gradients are added to `leaves`. */
function argumentOf(value: Json, float: FloatType, leaves: Tensor[]): unknown {
  if (Array.isArray(value)) return value.map(each => argumentOf(each, float, leaves))
  if (typeof value === 'string') return named[value] ?? value
  if (!isShown(value)) return value
  const requiresGrad = value.grad === true
  const made = tensor(numbersOf(value), { shape: value.shape, dtype: dtypeOf(value, float), requiresGrad })
  if (requiresGrad) leaves.push(made)
  return made
}

function expectEqual(actual: Tensor, expected: Shown, float: FloatType, what: string): void {
  expect(actual.shape, what).toEqual(expected.shape)
  expect(actual.dtype, what).toBe(dtypeOf(expected, float))
  const numbers = numbersOf(expected)
  const scale = Math.max(1, ...numbers.filter(Number.isFinite).map(Math.abs))
  const tolerance = float === 'float64' ? 1e-13 : 2e-6
  const values = Array.from(actual.data)
  const close = (a: number, e: number) =>
    Number.isFinite(e) ? Math.abs(a - e) <= tolerance * (Math.abs(e) * 4 + Math.min(scale, 100)) : Object.is(a, e)
  if (!values.every((value, i) => close(value, numbers[i]))) expect(values, what).toEqual(numbers)
}

const before = bg.getBackend()
afterAll(() => bg.setBackend(before))

const backends = process.env.BLASGRAD_BACKEND === 'reference' ? ['reference'] : ['reference', 'native']
describe.each(backends)('%s', backend => {
  describe.each(['float64', 'float32'] as const)('%s', float => {
    test.each(cases.map((each, i) => [`${each.op} ${each.title} #${i}`, each] as const))('%s', (_, { op, ...each }) => {
      bg.setBackend(backend as 'reference' | 'native')
      const call = opEntries.get(op)?.call ?? expect.fail(`${op} is not declared`)
      const leaves: Tensor[] = []
      const result: unknown = call(...each.args.map(value => argumentOf(value, float, leaves)))
      const outputs = (Array.isArray(result) ? result : [result]) as Tensor[]
      expect(outputs.length).toBe(each.outputs.length)
      for (const [i, output] of outputs.entries()) expectEqual(output, each.outputs[i], float, `output ${i}`)
      if (each.seeds.length === 0) return
      for (const [i, output] of outputs.entries()) {
        output.backward(argumentOf(each.seeds[i], float, []) as Tensor, { retainGraph: i + 1 < outputs.length })
      }
      for (const [i, leaf] of leaves.entries()) {
        const gradient = leaf.grad ?? expect.fail(`argument ${i} has no gradient`)
        expectEqual(gradient, each.gradients[i], float, `gradient ${i}`)
      }
    })
  })
})

test.each(promotions)('%s + %s is %s', (a, b, result) => {
  const operand = (text: string): TensorLike => {
    const [what, kind] = text.split(' ')
    if (kind === 'number') return what === 'true' ? true : Number(what)
    return tensor([1], { shape: kind === 'scalar' ? [] : [1], dtype: what as DType })
  }
  expect(bg.add(operand(a), operand(b)).dtype).toBe(result)
})
