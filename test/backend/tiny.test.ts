// Tiny grids of the native backend run in JavaScript: the same bits as the addon's, and what does not fit still refused.

import { describe, expect, test } from 'vitest'
import { loadNative } from '../../lib/backend/load.js'
import { unchecked } from '../../lib/backend/reference.js'
import { type Backend, kernelNames, kernelRow } from '../../lib/backend/table.js'
import { withTinyGrids } from '../../lib/backend/tiny.js'
import { backendsUnderTest } from '../support/backends.js'
import { Random } from '../support/random.js'

const taken: string[] = []
const spy = new Proxy(unchecked, {
  get:
    (target, name: keyof Backend) =>
    (...args: unknown[]) => {
      taken.push(name)
      return (target[name] as (...args: unknown[]) => unknown)(...args)
    },
})

if (backendsUnderTest.includes('native')) {
  const native = loadNative().backend
  const mixed = withTinyGrids(native, spy)

  const pairs = kernelNames.filter(name => {
    const { class: kind, exact, signature } = kernelRow(name)
    return kind === 'elementwise' && exact && /bLayout|yLayout/.test(signature) && !/mask|:scalar/.test(signature)
  })

  describe('tiny grids', () => {
    test.each(pairs)('%s of 1 to 20 elements is to the bit the addon’s', name => {
      const random = new Random(5)
      for (const ArrayType of [Float32Array, Float64Array]) {
        for (let n = 1; n <= 20; n++) {
          const numbers = (): number[] => Array.from({ length: n }, () => random.normal() * 10 ** random.between(-5, 5))
          const [a, b] = [new ArrayType(numbers()), new ArrayType(numbers())]
          const Out = kernelRow(name).signature.includes('out<bool>') ? Uint8Array : ArrayType
          const run = (backend: Backend): ArrayLike<number> => {
            const out = new Out(n)
            ;(backend[name] as Backend['add'])(1, n, 0, 0, a, b, out)
            return out
          }
          taken.length = 0
          expect(run(mixed)).toEqual(run(native))
          expect(taken).toEqual(n <= 16 ? [name] : [])
        }
      }
    })

    const reductions = kernelNames.filter(name => kernelRow(name).roles?.reduction !== undefined)

    test.each(reductions)('%s of 1 to 20 elements is to the bit the addon’s', name => {
      const random = new Random(6)
      const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 3e38, 1e-45]
      for (const ArrayType of [Float32Array, Float64Array, Int32Array, Uint8Array]) {
        for (let n = 1; n <= 20; n++) {
          for (let round = 0; round < 40; round++) {
            const number = (): number =>
              round > 30 && random.between(0, 3) === 0
                ? special[random.between(0, special.length)]
                : random.normal() * 10 ** random.between(-5, 10)
            const a = new ArrayType(Array.from({ length: n }, number))
            const run = (backend: Backend): ArrayLike<number> => {
              const out = new ArrayType(1)
              ;(backend[name] as Backend['sum'])(1, n, 1, a, out)
              return out
            }
            taken.length = 0
            expect(run(mixed)).toEqual(run(native))
            expect(taken).toEqual(n <= (kernelRow(name).exact ? 16 : 7) ? [name] : [])
          }
        }
      }
    })

    test('an array whose buffer was transferred is refused', () => {
      const a = new Float32Array(4)
      structuredClone(a, { transfer: [a.buffer] })
      expect(() => mixed.neg(1, 4, 0, a, new Float32Array(4))).toThrow('neg: expected a with at least 4 elements')
    })
  })
} else {
  test('there is no addon to compare with', () => expect(withTinyGrids(unchecked, unchecked).exp).toBe(unchecked.exp))
}
