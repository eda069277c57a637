// Arithmetic, comparison and selection, one inner loop per kernel. An integer result is stored wrapped.

import type { Layout } from '../../../base/layout.js'
import type { NumberArray } from '../../signature.js'
import { floorDivide, remainder } from '../special.js'
import { eachInnerLoop } from './grid.js'
import { binary, unary, unaryWith2 } from './methods.js'

const isInteger = (out: NumberArray): boolean => out instanceof Int32Array || out instanceof Uint8Array

export const arithmetic = {
  copy: unary((n, out, o, a, i, di) => {
    for (const end = o + n; o < end; o++, i += di) out[o] = a[i]
  }),
  neg: unary((n, out, o, a, i, di) => {
    for (const end = o + n; o < end; o++, i += di) out[o] = -a[i]
  }),
  abs: unary((n, out, o, a, i, di) => {
    for (const end = o + n; o < end; o++, i += di) out[o] = Math.abs(a[i])
  }),
  sign: unary((n, out, o, a, i, di) => {
    for (const end = o + n; o < end; o++, i += di) out[o] = a[i] > 0 ? 1 : a[i] < 0 ? -1 : 0
  }),
  sqrt: unary((n, out, o, a, i, di) => {
    for (const end = o + n; o < end; o++, i += di) out[o] = Math.sqrt(a[i])
  }),
  clamp: unaryWith2((n, out, o, a, i, di, low, high) => {
    for (const end = o + n; o < end; o++, i += di) {
      let x = a[i]
      if (x < low) x = low
      if (x > high) x = high
      out[o] = x
    }
  }),

  add: binary((n, out, o, a, i, di, b, j, dj) => {
    for (const end = o + n; o < end; o++, i += di, j += dj) out[o] = a[i] + b[j]
  }),
  sub: binary((n, out, o, a, i, di, b, j, dj) => {
    for (const end = o + n; o < end; o++, i += di, j += dj) out[o] = a[i] - b[j]
  }),
  mul: binary((n, out, o, a, i, di, b, j, dj) => {
    const end = o + n
    if (out instanceof Int32Array) {
      for (; o < end; o++, i += di, j += dj) out[o] = Math.imul(a[i], b[j])
    } else {
      for (; o < end; o++, i += di, j += dj) out[o] = a[i] * b[j]
    }
  }),
  div: binary((n, out, o, a, i, di, b, j, dj) => {
    for (const end = o + n; o < end; o++, i += di, j += dj) out[o] = a[i] / b[j]
  }),
  fmod: binary((n, out, o, a, i, di, b, j, dj) => {
    const end = o + n
    if (isInteger(out)) {
      for (; o < end; o++, i += di, j += dj) out[o] = b[j] === 0 ? 0 : a[i] % b[j]
    } else {
      for (; o < end; o++, i += di, j += dj) out[o] = a[i] % b[j]
    }
  }),
  remainder: binary((n, out, o, a, i, di, b, j, dj) => {
    const whole = isInteger(out)
    for (const end = o + n; o < end; o++, i += di, j += dj) out[o] = remainder(a[i], b[j], whole)
  }),
  floorDivide: binary((n, out, o, a, i, di, b, j, dj) => {
    const whole = isInteger(out)
    for (const end = o + n; o < end; o++, i += di, j += dj) out[o] = floorDivide(a[i], b[j], whole)
  }),
  copysign: binary((n, out, o, a, i, di, b, j, dj) => {
    for (const end = o + n; o < end; o++, i += di, j += dj) {
      const size = Math.abs(a[i])
      out[o] = b[j] < 0 || Object.is(b[j], -0) ? -size : size
    }
  }),
  maximum: binary((n, out, o, a, i, di, b, j, dj) => {
    for (const end = o + n; o < end; o++, i += di, j += dj) out[o] = a[i] > b[j] || Number.isNaN(a[i]) ? a[i] : b[j]
  }),
  minimum: binary((n, out, o, a, i, di, b, j, dj) => {
    for (const end = o + n; o < end; o++, i += di, j += dj) out[o] = a[i] < b[j] || Number.isNaN(a[i]) ? a[i] : b[j]
  }),
  xdivy: binary((n, out, o, a, i, di, b, j, dj) => {
    for (const end = o + n; o < end; o++, i += di, j += dj) {
      out[o] = a[i] === 0 && !Number.isNaN(b[j]) ? 0 : a[i] / b[j]
    }
  }),
  maximumShare: binary((n, out, o, a, i, di, b, j, dj) => {
    for (const end = o + n; o < end; o++, i += di, j += dj) out[o] = a[i] < b[j] ? 0 : a[i] === b[j] ? 0.5 : 1
  }),

  greater: binary((n, out, o, a, i, di, b, j, dj) => {
    for (const end = o + n; o < end; o++, i += di, j += dj) out[o] = a[i] > b[j] ? 1 : 0
  }),
  greaterEqual: binary((n, out, o, a, i, di, b, j, dj) => {
    for (const end = o + n; o < end; o++, i += di, j += dj) out[o] = a[i] >= b[j] ? 1 : 0
  }),
  less: binary((n, out, o, a, i, di, b, j, dj) => {
    for (const end = o + n; o < end; o++, i += di, j += dj) out[o] = a[i] < b[j] ? 1 : 0
  }),
  lessEqual: binary((n, out, o, a, i, di, b, j, dj) => {
    for (const end = o + n; o < end; o++, i += di, j += dj) out[o] = a[i] <= b[j] ? 1 : 0
  }),
  equal: binary((n, out, o, a, i, di, b, j, dj) => {
    for (const end = o + n; o < end; o++, i += di, j += dj) out[o] = a[i] === b[j] ? 1 : 0
  }),
  notEqual: binary((n, out, o, a, i, di, b, j, dj) => {
    for (const end = o + n; o < end; o++, i += di, j += dj) out[o] = a[i] !== b[j] ? 1 : 0
  }),

  where(
    rows: number,
    cols: number,
    maskLayout: Layout,
    aLayout: Layout,
    bLayout: Layout,
    mask: Uint8Array,
    a: NumberArray,
    b: NumberArray,
    out: NumberArray,
    outer?: Int32Array,
  ): void {
    eachInnerLoop(rows, cols, [maskLayout, aLayout, bLayout], outer, (n, o, m, dm, i, di, j, dj) => {
      for (const end = o + n; o < end; o++, m += dm, i += di, j += dj) out[o] = mask[m] !== 0 ? a[i] : b[j]
    })
  },
}
