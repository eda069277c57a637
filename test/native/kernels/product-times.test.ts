// The time of matrix products is counted only on request, apart for the BLAS and for our own kernels.

import { afterEach, expect, test } from 'vitest'
import { loadNative } from '../../../lib/backend/load.js'
import { backendsUnderTest } from '../../support/backends.js'

const onNative = test.runIf(backendsUnderTest.includes('native'))

afterEach(() => {
  if (backendsUnderTest.includes('native')) loadNative().productTimes(false)
})

/** a·b of square matrices, or a row times one; or a·bᵀ, which is ours on every instruction set where it has few columns. */
function multiply(n: number, { m = n, transposeB = false } = {}): void {
  const [a, b] = [new Float32Array(m * n), new Float32Array(n * n)]
  loadNative().backend.matmul(false, transposeB, m, n, n, 1, 1, 0, 0, 0, a, b, new Float32Array(m * n))
}

onNative('products of the BLAS and of ours are counted apart, since the last look', () => {
  const { productTimes } = loadNative()
  productTimes(true)
  multiply(1024)
  const large = productTimes(true)
  expect(large.blas).toBeGreaterThan(100)
  expect(large.own).toBe(0)
  for (let i = 0; i < 100; i++) multiply(7, { transposeB: true })
  const small = productTimes(true)
  expect(small.own).toBeGreaterThan(0)
  expect(small.blas).toBe(0)
  multiply(512, { m: 1 })
  expect(productTimes(true).blas).toBeGreaterThan(0)
})

onNative('nothing is counted before somebody asks, or afterwards', () => {
  const { productTimes } = loadNative()
  multiply(64)
  expect(productTimes(false)).toEqual({ blas: 0, own: 0 })
  multiply(64)
  expect(productTimes(false)).toEqual({ blas: 0, own: 0 })
})

onNative('whether it goes on has to be said', () => {
  const productTimes = loadNative().productTimes as (goOn?: unknown) => unknown
  expect(() => productTimes()).toThrow('productTimes: expected true or false')
})
