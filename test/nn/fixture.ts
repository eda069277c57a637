// What PyTorch computed (test/fixtures/nn.py), read into tensors, and how results are held against it.

import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { type DType, type Tensor, tensor } from '../../lib/index.js'

export interface Plain {
  readonly shape: readonly number[]
  readonly dtype: 'float64' | 'int32'
  readonly values: readonly number[]
}

export interface FunctionalCase {
  readonly name: string
  readonly fn: string
  readonly args: readonly (Plain | null)[]
  readonly options: Readonly<Record<string, unknown>>
  readonly output: Plain
  readonly upstream: Plain
  readonly grads: readonly (Plain | null)[]
}

export interface ModuleCase {
  readonly name: string
  readonly state: readonly (readonly [string, Plain])[]
  readonly input: Plain
  readonly output: Plain
  readonly upstream: Plain
  readonly grads: readonly (readonly [string, Plain])[]
}

export const fixture: { readonly functional: readonly FunctionalCase[]; readonly modules: readonly ModuleCase[] } =
  JSON.parse(readFileSync(new URL('../fixtures/nn.json', import.meta.url), 'utf8'))

/** A saved value as a tensor; floats in `dtype`. */
export const read = ({ values, shape, dtype: own }: Plain, dtype: DType, requiresGrad = false): Tensor =>
  tensor(Float64Array.from(values), { shape, dtype: own === 'int32' ? own : dtype, requiresGrad })

/** Compares within rounding of the dtype, relative to the largest value. */
export function expectClose(what: string, actual: Tensor | null, expected: Plain): void {
  if (actual === null) throw new Error(`${what}: nothing there`)
  expect(actual.shape, `${what}: shape`).toEqual(expected.shape)
  const tolerance = actual.dtype === 'float64' ? 1e-12 : 2e-5
  const scale = Math.max(1, ...expected.values.map(Math.abs))
  for (const [i, value] of expected.values.entries()) {
    const difference = Math.abs(actual.data[i] - value)
    if (difference <= tolerance * scale) continue
    expect.fail(`${what}: element ${i} is ${actual.data[i]}, PyTorch has ${value}`)
  }
}
