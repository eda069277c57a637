// A native elementwise kernel gives an element the same bits whatever its neighbours: partition among threads and fusion
// rely on it.

import { describe, expect, test } from 'vitest'
import { loadNative } from '../../../lib/backend/load.js'
import { parseSignature } from '../../../lib/backend/signature.js'
import { kernelNames, kernelRow } from '../../../lib/backend/table.js'
import { Random } from '../../support/random.js'

const referenceOnly = process.env.BLASGRAD_BACKEND === 'reference'

const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1e5, -3e9, 1e-30, 50, -200, 9]

describe.skipIf(referenceOnly).each([Float32Array, Float64Array])('%o', ArrayType => {
  const native = referenceOnly ? undefined : loadNative()
  const elementwise = kernelNames.filter(name => kernelRow(name).class === 'elementwise' && name !== 'copy')

  test.each(elementwise)('%s', name => {
    const { args } = parseSignature(kernelRow(name).signature)
    const run = native?.backend[name] as (...args: readonly unknown[]) => void
    const random = new Random(1)
    const n = 67
    const value = (i: number): number => (i % 3 === 0 ? special[random.integer(special.length)] : random.between(-4, 4))
    const inputs = args.map(({ role, element }) =>
      role !== 'in'
        ? undefined
        : element === 'bool'
          ? Uint8Array.from({ length: n }, () => random.integer(2))
          : new ArrayType(Array.from({ length: n }, (_, i) => value(i))),
    )
    const over = (begin: number, end: number): ArrayLike<number> => {
      let out: Uint8Array | Float32Array | Float64Array = new ArrayType(0)
      const call = args.map(({ role, element, name: argument }, i) => {
        if (role === 'out') {
          out = element === 'bool' ? new Uint8Array(end - begin) : new ArrayType(end - begin)
          return out
        }
        if (role === 'in') return inputs[i]?.slice(begin, end)
        return { rows: 1, cols: end - begin }[argument] ?? (role === 'layout' ? 0 : role === 'scalar' ? 0.5 : undefined)
      })
      run(...call)
      return out
    }
    const whole = over(0, n)
    for (let i = 0; i < n; i++) expect([i, over(i, i + 1)[0]]).toEqual([i, whole[i]])
  })
})
