// The gradient check: along one random direction, ⟨vjp(u), v⟩ against (⟨u, f(x + εv)⟩ − ⟨u, f(x − εv)⟩) / 2ε, in
// float64. Its cost does not grow with the number of inputs; both values are shown when they differ.

import { expect } from 'vitest'
import { grad, noGrad, Tensor } from '../../lib/index.js'
import type { Random } from './random.js'

const step = 1e-6

/** The float tensors among nested arguments that want a gradient. */
export function floatInputs(args: readonly unknown[]): Tensor[] {
  return args.flatMap(arg => {
    if (arg instanceof Tensor) return arg.requiresGrad ? [arg] : []
    return Array.isArray(arg) ? floatInputs(arg) : []
  })
}

const likeNormal = (t: Tensor, random: Random): Tensor =>
  new Tensor(
    Float64Array.from({ length: t.size }, () => random.normal()),
    {
      shape: t.shape,
      dtype: t.dtype,
      requiresGrad: false,
    },
  )

const inner = (a: Tensor, b: Tensor): number => {
  let sum = 0
  for (let i = 0; i < a.size; i++) sum += a.data[i] * b.data[i]
  return sum
}

/** Σ ⟨uᵢ, outputᵢ⟩ as a tensor, for outputs of any number; u drawn once. */
export function scalarise(
  outputs: Tensor | readonly Tensor[],
  random: Random,
): (outputs: Tensor | readonly Tensor[]) => Tensor {
  const list = (o: Tensor | readonly Tensor[]): readonly Tensor[] => (o instanceof Tensor ? [o] : o)
  const u = list(outputs).map(output => likeNormal(output, random))
  return o =>
    list(o)
      .map((output, i) => output.mul(u[i]).sum())
      .reduce((a, b) => a.add(b))
}

/** Checks the gradient of `f`, a scalar function of `inputs` (leaves that it reads). */
export function checkGradient(what: string, f: () => Tensor, inputs: readonly Tensor[], random: Random): void {
  const gradients = grad(f(), inputs, { allowUnused: true }) as (Tensor | null)[]
  const directions = inputs.map(input => likeNormal(input, random))
  const originals = inputs.map(input => input.data.slice())
  const at = (offset: number): number => {
    inputs.forEach((input, i) => {
      input.data = Float64Array.from(originals[i], (x, j) => x + offset * directions[i].data[j])
    })
    return noGrad(f).item()
  }
  const numeric = (at(step) - at(-step)) / (2 * step)
  inputs.forEach((input, i) => {
    input.data = originals[i]
  })
  const exact = gradients.reduce((sum, g, i) => sum + (g === null ? 0 : inner(g, directions[i])), 0)
  if (!(Math.abs(numeric - exact) <= 1e-6 * (1 + Math.abs(numeric) + Math.abs(exact)))) {
    expect.fail(`${what}: gradient along a random direction: backward ${exact}, numeric ${numeric}`)
  }
}
