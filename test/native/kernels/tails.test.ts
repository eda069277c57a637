// Convolutions and max-pooling on sizes that leave parts of vectors, in channels and in pixels: rows that end anywhere,
// infinities and NaN that must reach their own windows only. Whole numbers multiply and add exactly, so that results have
// to be the reference's to the bit.

import { describe, expect, test } from 'vitest'
import { loadNative } from '../../../lib/backend/load.js'
import { reference } from '../../../lib/backend/reference.js'
import type { Backend } from '../../../lib/backend/table.js'
import { difference, exactly } from '../../backend/support/compare.js'
import { Random } from '../../support/random.js'

const referenceOnly = process.env.BLASGRAD_BACKEND === 'reference'

type Floats = Float32Array | Float64Array
const kinds = [Float32Array, Float64Array] as const
type Kind = (typeof kinds)[number]

const random = new Random(5)
const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
const drawn = (ArrayType: Kind, length: number, specials = 0): Floats => {
  const array = new ArrayType(length)
  for (let i = 0; i < length; i++) {
    array[i] = random.between(0, 1) < specials ? special[random.integer(3)] : random.integer(9) - 4
  }
  return array
}
const untouched = <A extends Floats | Int32Array>(array: A): A => array.fill(77) as A

describe.skipIf(referenceOnly)('tails', () => {
  const native = referenceOnly ? reference : loadNative().backend
  const same = (what: string, run: (backend: Backend) => Floats | Int32Array): void => {
    const [actual, expected] = [run(native), run(reference)]
    const found = difference(actual, expected, expected.length, exactly)
    if (found !== undefined) expect.fail(`${what}: ${found}`)
  }

  test.each(kinds)('max-pooling by 2 × 2, %o', ArrayType => {
    const planes = 3
    for (let width = 2; width < 44; width++) {
      for (const height of [2, 3, 6, 9]) {
        const [outHeight, outWidth] = [height >> 1, width >> 1]
        const window = Int32Array.of(2, 2, 2, 2, 0, 0, 1, 1)
        const x = drawn(ArrayType, planes * height * width, 0.05)
        const g = drawn(ArrayType, planes * outHeight * outWidth)
        const sizes = [planes, height, width, outHeight, outWidth, window] as const
        const out = untouched(new ArrayType(g.length))
        const at = new Int32Array(g.length)
        same(`${height}×${width}, largest`, backend => {
          backend.maxPool2d(...sizes, x as never, out as never, untouched(at))
          return out.slice()
        })
        same(`${height}×${width}, positions`, backend => {
          backend.maxPool2d(...sizes, x as never, out as never, untouched(at))
          return at.slice()
        })
        same(`${height}×${width}, gradient`, backend => {
          const gradient = untouched(new ArrayType(x.length))
          backend.maxPool2dBackward(...sizes, g as never, at, gradient as never)
          return gradient
        })
      }
    }
  })

  test.each(kinds)('convolutions, %o', ArrayType => {
    for (let i = 0; i < 400; i++) {
      const few = 1 + random.integer(3)
      const [groups, c, o] = [i % 5 === 0 ? 3 : 1, i % 3 === 0 ? few : 1 + random.integer(22), 1 + random.integer(42)]
      const [height, width] = [1 + random.integer(14), 1 + random.integer(i % 7 === 0 ? 60 : 20)]
      const [kernelHeight, kernelWidth] = [1 + random.integer(3), 1 + random.integer(4)]
      const [stride, pad, dilation] = [i % 4 === 0 ? 2 : 1, random.integer(3), i % 6 === 0 ? 2 : 1]
      const outOf = (size: number, kernel: number): number =>
        Math.floor((size + 2 * pad - dilation * (kernel - 1) - 1) / stride) + 1
      const [outHeight, outWidth] = [outOf(height, kernelHeight), outOf(width, kernelWidth)]
      if (outHeight < 1 || outWidth < 1) continue
      const [chunks, each] = [1 + random.integer(2), 1 + random.integer(3)]
      const n = chunks * each
      const specials = i % 2 === 0 ? 0.001 : 0
      const taps = kernelHeight * kernelWidth
      const columns = c * taps + random.integer(3)
      const x = drawn(ArrayType, n * groups * c * height * width, specials)
      const weight = drawn(ArrayType, groups * o * c * taps)
      const bias = drawn(ArrayType, i % 8 === 0 ? 0 : groups * o)
      const g = drawn(ArrayType, n * groups * o * outHeight * outWidth, specials)
      // A tap outside of the image reads a 0, and 0 times what is not finite is not 0.
      const finite = drawn(ArrayType, g.length)
      const window = Int32Array.of(stride, stride, pad, pad, dilation, dilation)
      const sizes = [groups, c, o, height, width, kernelHeight, kernelWidth, outHeight, outWidth] as const
      const name = `${n} of ${groups}·${c}×${height}×${width} to ${o} by ${kernelHeight}×${kernelWidth}, ${window}`
      same(`${name}: forward`, backend => {
        const out = untouched(new ArrayType(g.length))
        backend.conv2d(n, ...sizes, window, x as never, weight as never, bias as never, out as never)
        return out
      })
      same(`${name}: input`, backend => {
        const out = untouched(new ArrayType(x.length))
        backend.conv2dInput(n, ...sizes, window, g as never, weight as never, out as never)
        return out
      })
      same(`${name}: weight`, backend => {
        const out = untouched(new ArrayType(chunks * groups * o * columns))
        backend.conv2dWeight(chunks, each, ...sizes, columns, window, finite as never, x as never, out as never)
        return out
      })
    }
  })
})
