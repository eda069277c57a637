// What PyTorch's optimizers did (test/fixtures/optim.py), and how to do the same here.

import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { nn, optim, tensor } from '../../lib/index.js'

type Floats = 'float32' | 'float64'

export interface Run {
  readonly name: string
  readonly kind: 'SGD' | 'Adam' | 'AdamW'
  readonly options: optim.SGDOptions & optim.AdamOptions
  readonly dtype: Floats
  /** Options of each parameter's own group. */
  readonly groups: readonly Readonly<Record<string, number>>[] | null
  /** From this step on, this lr. */
  readonly change: readonly [step: number, lr: number] | null
  /** Steps at which the second parameter has no gradient. */
  readonly without: readonly number[] | null
  readonly trace: readonly (readonly (readonly number[])[])[]
  readonly state: Readonly<Record<string, readonly number[]>>
}

interface Fixture {
  readonly shapes: readonly (readonly number[])[]
  /** Steps after which the parameters were noted. */
  readonly traced: readonly number[]
  readonly start: readonly (readonly number[])[]
  /** For each step and parameter. */
  readonly grads: readonly (readonly (readonly number[])[])[]
  readonly runs: readonly Run[]
  readonly clipping: readonly {
    readonly normType: number | 'inf'
    readonly maxNorm: number
    readonly total: number
    readonly grads: readonly (readonly number[])[]
  }[]
}

export const fixture: Fixture = JSON.parse(readFileSync(new URL('../fixtures/optim.json', import.meta.url), 'utf8'))

export const startParameters = (dtype: Floats): nn.Parameter[] =>
  fixture.start.map((values, i) => new nn.Parameter(Float64Array.from(values), { shape: fixture.shapes[i], dtype }))

/** The gradients of step `i`, on the parameters. */
export function setGradients(
  parameters: readonly nn.Parameter[],
  i: number,
  without: readonly number[] | null = null,
): void {
  for (const [j, parameter] of parameters.entries()) {
    const values = Float64Array.from(fixture.grads[i][j])
    const missing = j === 1 && without?.includes(i)
    parameter.grad = missing ? null : tensor(values, { shape: parameter.shape, dtype: parameter.dtype })
  }
}

export function makeOptimizer(
  { kind, options, groups }: Run,
  parameters: readonly nn.Parameter[],
): optim.SGD | optim.Adam {
  const params =
    groups === null ? parameters : parameters.map((parameter, i) => ({ params: [parameter], ...groups[i] }))
  return new optim[kind](params, options)
}

export function expectClose(
  what: string,
  actual: ArrayLike<number>,
  expected: readonly number[],
  tolerance: number,
): void {
  expect(actual.length, what).toBe(expected.length)
  for (const [i, value] of expected.entries()) {
    if (Math.abs(actual[i] - value) <= tolerance * Math.max(1, Math.abs(value))) continue
    expect.fail(`${what}: element ${i} is ${actual[i]}, PyTorch has ${value}`)
  }
}
