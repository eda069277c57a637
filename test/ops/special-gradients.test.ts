// Generated from every op's record: with 0, −0, infinities, NaN, ties and empty operands among its samples, first
// derivatives are the same with and without createGraph, a fused op gives what its composite gives (value, first and
// second derivative), and native gives what the reference gives.

import { expect, test } from 'vitest'
import { grad, noGrad, Tensor } from '../../lib/index.js'
import { type OpEntry, opEntries } from '../../lib/ops/machinery/registry.js'
import { backendsUnderTest, onBackend } from '../support/backends.js'
import { difference } from '../support/close.js'
import { floatInputs, scalarise } from '../support/gradcheck.js'
import { Random } from '../support/random.js'
import { specialVariants, type Variant } from '../support/specials.js'

type Dtype = 'float32' | 'float64'
type Arrays = readonly (ArrayLike<number> | null)[]

const tolerance = {
  float32: { relative: 1e-4, absolute: 1e-5 },
  float64: { relative: 1e-9, absolute: 1e-10 },
}

const listOf = (output: unknown): Tensor[] => (output instanceof Tensor ? [output] : (output as Tensor[]))
const arraysOf = (tensors: readonly (Tensor | null)[]): Arrays => tensors.map(t => (t === null ? null : t.data.slice()))

interface Derivatives {
  readonly value: Arrays
  /** The value again, of a call that the graph notes. */
  readonly recorded: Arrays
  readonly first: Arrays
  /** The first derivatives again, with createGraph. */
  readonly graph: Arrays
  readonly second: Arrays
}

// biome-ignore lint/complexity/noBannedTypes: called with the arguments of its own samples
function derivatives(call: Function, args: readonly unknown[]): Derivatives {
  const inputs = floatInputs(args)
  const gradients = (of: readonly Tensor[], seed: number, createGraph: boolean): (Tensor | null)[] =>
    grad(scalarise(of, new Random(seed))(of), inputs, { allowUnused: true, createGraph }) as (Tensor | null)[]
  const value = arraysOf(noGrad(() => listOf(call(...args))))
  const outputs = listOf(call(...args))
  const first = gradients(outputs, 11, false)
  const graph = gradients(listOf(call(...args)), 11, true)
  const differentiable = graph.filter(g => g?.requiresGrad) as Tensor[]
  const second = differentiable.length === 0 ? [] : gradients(differentiable, 12, false)
  return {
    value,
    recorded: arraysOf(outputs),
    first: arraysOf(first),
    graph: arraysOf(graph),
    second: arraysOf(second),
  }
}

/** The first difference; null where there is none. An input that is not used has a gradient of zeros. */
function differenceOf(actual: Arrays, expected: Arrays, dtype: Dtype): string | null {
  for (const [i, e] of expected.entries()) {
    const a = actual[i] ?? null
    const zeros = (like: ArrayLike<number>) => new Float64Array(like.length)
    if (a === null && e === null) continue
    const found = difference(a ?? zeros(e as ArrayLike<number>), e ?? zeros(a as ArrayLike<number>), tolerance[dtype])
    if (found !== null) return `array ${i}, ${found}`
  }
  return null
}

const named = (what: string, difference: string | null): string[] =>
  difference === null ? [] : [`${what}: ${difference}`]

function compare(what: string, actual: Derivatives, expected: Derivatives, dtype: Dtype): string[] {
  return (['value', 'first', 'second'] as const).flatMap(each =>
    named(`${each}, ${what}`, differenceOf(actual[each], expected[each], dtype)),
  )
}

/**
 * Where one of two ways has NaN, 0 times an infinity in a sum of products, that the other leaves out
 * (docs/decisions/0016-corners-of-gradients.md).
 */
const exceptions: ReadonlyMap<string, RegExp> = new Map([
  // Keys that a causal row does not read: the reference leaves them out, native within blocks only, the composite never.
  ['attention', /∞ in (operand 1: gradient with createGraph|operand 2: )/],
  ['attentionBackward', /(∞|NaN) in/],
  // Native multiplies padding too.
  ['conv1d', /∞ in (operand 1|all operands): first, native/],
  // An infinite g is distributed over two terms, of opposite signs, or multiplies their sum.
  ['geluBackward', /∞ in (operand 0|all operands): (first|second), against the composite/],
  ['crossEntropyBackward', /∞ in (operand 0|all operands): .*native/],
  ['gruBackward', /∞ in (operand 0|all operands): .*native/],
])

function differencesOf({ name, call, composite }: OpEntry, { what, args }: Variant, dtype: Dtype): string[] {
  const results = backendsUnderTest.map(backend => onBackend(backend, () => derivatives(call, args)))
  const found = results.flatMap((result, i) => {
    const backend = backendsUnderTest[i]
    const plain = composite === undefined ? undefined : onBackend(backend, () => derivatives(composite, args))
    return [
      ...named(`value with a graph on ${backend}`, differenceOf(result.recorded, result.value, dtype)),
      ...named(`gradient with createGraph on ${backend}`, differenceOf(result.graph, result.first, dtype)),
      ...(plain === undefined ? [] : compare(`against the composite on ${backend}`, result, plain, dtype)),
      ...(i === 0 ? [] : compare(`${backend} against ${backendsUnderTest[0]}`, result, results[0], dtype)),
    ]
  })
  return found.map(each => `${name}, ${dtype}, ${what}: ${each}`)
}

for (const entry of opEntries.values()) {
  if (!entry.differentiable) continue
  test.each(['float32', 'float64'] as const)(`${entry.name}, %s`, dtype => {
    const found = [...specialVariants(entry, dtype)].flatMap(variant => differencesOf(entry, variant, dtype))
    const exception = exceptions.get(entry.name)
    if (exception === undefined) expect(found).toEqual([])
    else {
      expect(found.filter(each => !exception.test(each))).toEqual([])
      if (backendsUnderTest.length > 1) expect(found).not.toEqual([])
    }
  })
}
