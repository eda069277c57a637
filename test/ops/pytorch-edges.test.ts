// The ops at 0, −0, infinities, NaN, ties and empties against fixed numbers from PyTorch (test/fixtures/edges.json,
// written by edges.py beside it): values, first and second derivatives, in float64 and float32, on every backend.

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { grad, nn, Tensor } from '../../lib/index.js'
import { opEntries } from '../../lib/ops/machinery/registry.js'
import { backendsUnderTest, onBackend } from '../support/backends.js'
import { exceptions } from '../support/edge-exceptions.js'

interface Shown {
  readonly shape: readonly number[]
  readonly values: readonly (number | string)[]
  readonly grad?: true
  readonly int32?: true
}
type Shows = readonly (Shown | null)[]
type Case = readonly [
  op: string,
  title: string,
  args: readonly unknown[],
  value: Shown,
  first: Shows | null,
  second: Shows | null,
]
type Dtype = 'float32' | 'float64'

const file = new URL('../fixtures/edges.json', import.meta.url)
const cases = JSON.parse(readFileSync(file, 'utf8')) as readonly Case[]
const named: Readonly<Record<string, number>> = { nan: Number.NaN, inf: Infinity, '-inf': -Infinity }
const numbersOf = ({ values }: Shown): number[] => values.map(x => (typeof x === 'string' ? named[x] : x))

const isShown = (value: unknown): value is Shown => typeof value === 'object' && value !== null && 'values' in value

function argumentOf(value: unknown, float: Dtype): unknown {
  if (isShown(value)) {
    const dtype = value.int32 ? 'int32' : float
    return new Tensor(Float64Array.from(numbersOf(value)), {
      shape: value.shape,
      dtype,
      requiresGrad: value.grad === true,
    })
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, named[each as string] ?? argumentOf(each, float)]),
  )
}

// biome-ignore lint/complexity/noBannedTypes: functions of any signature
const functional = nn.functional as unknown as Readonly<Record<string, Function>>
// biome-ignore lint/complexity/noBannedTypes: functions of any signature
function callOf(op: string): Function {
  const found = op.startsWith('F.') ? functional[op.slice(2)] : (opEntries.get(op)?.call ?? functional[op])
  return found ?? expect.fail(`${op} is not declared`)
}

/** How many elements differ; a gradient that is missing counts as zeros. */
function countOf(actual: Tensor | null, expected: Shown | null, float: Dtype): number {
  if (expected === null) return actual === null ? 0 : [...actual.data].filter(x => x !== 0).length
  if (actual !== null) expect(actual.shape).toEqual(expected.shape)
  const relative = float === 'float64' ? 1e-10 : 1e-5
  return numbersOf(expected).filter((e, i) => {
    const a = actual === null ? 0 : actual.data[i]
    return !(a === e || (Number.isNaN(a) && Number.isNaN(e)) || Math.abs(a - e) <= relative * (1 + Math.abs(e)))
  }).length
}

/** The numbers of elements of value, first and second derivative that differ. */
function differencesOf([op, , args, value, first, second]: Case, float: Dtype): readonly number[] {
  const made = args.map(each => argumentOf(each, float))
  const inputs = made.filter((each): each is Tensor => each instanceof Tensor && each.requiresGrad)
  const output = callOf(op)(...made) as Tensor
  const counts = [countOf(output, value, float), 0, 0]
  if (first === null || !output.requiresGrad) return counts
  const total = (list: Shows, gradients: readonly (Tensor | null)[]): number =>
    list.reduce((sum, each, i) => sum + countOf(gradients[i], each, float), 0)
  const gradients = (createGraph: boolean): (Tensor | null)[] =>
    grad(callOf(op)(...made).sum(), inputs, { createGraph, allowUnused: true }) as (Tensor | null)[]
  counts[1] = total(first, gradients(false))
  if (second === null) return counts
  const ofGraph = gradients(true).filter(g => g?.requiresGrad) as Tensor[]
  const sum = ofGraph
    .map(g => g.sum())
    .reduce((a, b) => a.add(b), new Tensor([0], { requiresGrad: true, shape: [], dtype: float }))
  counts[2] = total(second, grad(sum, inputs, { allowUnused: true }) as (Tensor | null)[])
  return counts
}

const quantities = ['value', 'first', 'second'] as const
const seen = new Set<string>()

describe.each(backendsUnderTest)('%s', backend => {
  describe.each(['float64', 'float32'] as const)('%s', float => {
    test.each(cases.map(each => [`${each[0]} ${each[1]}`.trim(), each] as const))('%s', (name, each) => {
      const counts = onBackend(backend, () => differencesOf(each, float))
      seen.add(name)
      const differing = quantities.filter((_, i) => counts[i] > 0)
      const exception = exceptions.get(name)
      const what = `${counts} elements of ${quantities} differ from PyTorch${exception ? `, where: ${exception.reason}` : ''}`
      expect(differing, what).toEqual(exception?.differ ?? [])
    })
  })
})

test('every exception is a case', () => {
  expect([...exceptions.keys()].filter(name => !seen.has(name))).toEqual([])
})
