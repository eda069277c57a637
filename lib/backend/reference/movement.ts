// Kernels that move, cast, fill or look up elements, in TypeScript.

import type { NumberArray } from '../signature.js'
import { convert, toInt32, toUint8 } from './convert.js'
import { lookups } from './movement/lookups.js'
import { strided } from './movement/strided.js'

function fill(n: number, value: number, out: NumberArray): void {
  out.fill(convert(value, out), 0, n)
}

function arange(n: number, start: number, step: number, out: NumberArray): void {
  for (let i = 0; i < n; i++) out[i] = convert(start + i * step, out)
}

function linspace(n: number, start: number, end: number, out: NumberArray): void {
  const step = n > 1 ? (end - start) / (n - 1) : 0
  const half = Math.max(1, Math.floor(n / 2))
  for (let i = 0; i < n; i++) out[i] = convert(i < half ? start + i * step : end - (n - 1 - i) * step, out)
}

function cast(n: number, toBool: boolean, a: NumberArray, out: NumberArray): void {
  if (toBool) for (let i = 0; i < n; i++) out[i] = a[i] !== 0 ? 1 : 0
  else if (out instanceof Int32Array) for (let i = 0; i < n; i++) out[i] = toInt32(a[i])
  else if (out instanceof Uint8Array) for (let i = 0; i < n; i++) out[i] = toUint8(a[i])
  else for (let i = 0; i < n; i++) out[i] = a[i]
}

export const movement = { fill, arange, linspace, cast, ...strided, ...lookups }
