// The reference backend with the errors that docs/accuracy.md allows: each kernel's inputs and results change by up to the
// kernel's published bound. What a program's results change by then is what any backend's rounding may come to.

import { reference } from '../../../lib/backend/reference.js'
import { type NumberArray, parseSignature } from '../../../lib/backend/signature.js'
import { type Backend, kernelNames, kernelRow } from '../../../lib/backend/table.js'
import { type Bounds, publishedBounds, ulp } from '../../backend/support/bounds.js'
import { magnitude } from '../../backend/support/compare.js'
import type { Random } from '../../support/random.js'
import type { FloatType } from './programs.js'

/** Independent of one another, or all to one side as rounding equal numbers is. */
function errors(random: Random): () => number {
  const side = random.integer(4)
  return side > 1 ? () => 2 * random.next() - 1 : () => 2 * side - 1
}

/** Adds errors of up to `bounds` to a result whose rows are `width` long. */
function disturb(array: NumberArray, width: number, { each, row, row64 }: Bounds, dtype: FloatType, random: Random) {
  const error = errors(random)
  const digits = dtype === 'float32' ? 2 ** -23 : 2 ** -52
  const least = digits * 2 ** -12 * magnitude(array, array.length)
  const bound = dtype === 'float32' ? row : row64
  const byElement = dtype === 'float32' && each < Infinity
  for (let from = 0; from < array.length; from += width) {
    const unit = Math.max(least, ulp(magnitude(array.subarray(from, from + width), width), dtype))
    for (let i = from; i < from + width; i++) {
      array[i] += error() * (byElement ? each * ulp(array[i], dtype) : bound * unit)
    }
  }
}

/** The reference for programs in float64 that stand for programs in `dtype`. `undefined` of `random`: without errors. */
export function noisyReference(dtype: FloatType, random: Random | undefined): Backend {
  const backend: Record<string, unknown> = {}
  for (const name of kernelNames) {
    const { args: parameters } = parseSignature(kernelRow(name).signature)
    const run = reference[name] as (...args: unknown[]) => unknown
    const bounds = publishedBounds.get(name)
    const sizes = parameters.filter(({ role }) => role === 'size').length
    const columns = parameters.findIndex(({ role, name: each }) => role === 'size' && (each === 'n' || each === 'cols'))
    backend[name] = (...given: unknown[]) => {
      const args = given.map((argument, i) =>
        // A kernel takes a scalar in its own element type.
        parameters[i]?.role === 'scalar' && dtype === 'float32' ? Math.fround(argument as number) : argument,
      )
      if (bounds === undefined || random === undefined) return run(...args)
      const digits = dtype === 'float32' ? 2 ** -23 * bounds.row : 2 ** -52 * bounds.row64
      for (const [i, { role, element }] of parameters.entries()) {
        if (role !== 'in' || element !== 'T' || !(args[i] instanceof Float64Array)) continue
        const error = errors(random)
        const isAlone = args.every((other, j) => j === i || other !== args[i])
        if (isAlone) args[i] = args[i].map(x => x * (1 + digits * error()))
      }
      const result = run(...args)
      for (const [i, { role, element }] of parameters.entries()) {
        const array = args[i]
        if (role === 'in' || element !== 'T' || !(array instanceof Float64Array) || array.length === 0) continue
        const n = Number(args[columns])
        const width = sizes <= 4 && n > 0 && array.length % n === 0 ? n : array.length
        disturb(array, width, bounds, dtype, random)
      }
      return result
    }
  }
  return backend as unknown as Backend
}
