// Makes the values that an op's samples ask for (lib/ops/machinery/samples.ts).

import { type DType, Tensor } from '../../lib/index.js'
import type { Sampler } from '../../lib/ops/machinery/samples.js'
import type { Random } from './random.js'

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)

/** Floats of `dtype` that want a gradient; the same numbers for the same state of `random`. */
export function samplerFor(random: Random, dtype: 'float32' | 'float64'): Sampler {
  const make = (shape: readonly number[], values: number[], kind: DType, requiresGrad: boolean): Tensor =>
    // Rounded to float32 first, so that both dtypes see the same numbers.
    new Tensor(Float64Array.from(values, Math.fround), { shape, dtype: kind, requiresGrad })
  const floats =
    (draw: () => number) =>
    (...shape: number[]): Tensor =>
      make(shape, Array.from({ length: size(shape) }, draw), dtype, true)
  const sign = (): number => (random.next() < 0.5 ? -1 : 1)
  return {
    real: floats(() => random.normal()),
    positive: floats(() => random.between(0.5, 2)),
    aboveOne: floats(() => random.between(1.1, 3)),
    nonZero: floats(() => sign() * random.between(0.2, 2)),
    unit: floats(() => random.between(0.05, 0.95)),
    distinct: (...shape) => {
      const n = size(shape)
      const steps = random.shuffle(Array.from({ length: n }, (_, i) => (i - n / 2) * 0.07 + random.between(0, 0.02)))
      return make(shape, steps, dtype, true)
    },
    mask: (...shape) =>
      make(
        shape,
        Array.from({ length: size(shape) }, () => random.integer(2)),
        'bool',
        false,
      ),
    ids: (bound, ...shape) =>
      make(
        shape,
        Array.from({ length: size(shape) }, () => random.integer(bound)),
        'int32',
        false,
      ),
    constant: (...shape) =>
      make(
        shape,
        Array.from({ length: size(shape) }, () => random.normal()),
        dtype,
        false,
      ),
  }
}
