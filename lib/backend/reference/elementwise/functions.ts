// Functions of one element (and x·ln y): computed in float64, rounded when stored.

import { convert } from '../convert.js'
import { normalCdf, power, sigmoid, softplus } from '../special.js'
import { binary, unary, unaryWith1 } from './methods.js'

export const functions = {
  relu: unary((n, out, o, a, i, di) => {
    for (const end = o + n; o < end; o++, i += di) out[o] = a[i] > 0 || Number.isNaN(a[i]) ? a[i] : 0
  }),
  leakyRelu: unaryWith1((n, out, o, a, i, di, slope) => {
    for (const end = o + n; o < end; o++, i += di) out[o] = a[i] > 0 ? a[i] : slope * a[i]
  }),
  rsqrt: unary((n, out, o, a, i, di) => {
    for (const end = o + n; o < end; o++, i += di) out[o] = 1 / Math.sqrt(a[i])
  }),
  exp: unary((n, out, o, a, i, di) => {
    for (const end = o + n; o < end; o++, i += di) out[o] = Math.exp(a[i])
  }),
  log: unary((n, out, o, a, i, di) => {
    for (const end = o + n; o < end; o++, i += di) out[o] = Math.log(a[i])
  }),
  sin: unary((n, out, o, a, i, di) => {
    for (const end = o + n; o < end; o++, i += di) out[o] = Math.sin(a[i])
  }),
  cos: unary((n, out, o, a, i, di) => {
    for (const end = o + n; o < end; o++, i += di) out[o] = Math.cos(a[i])
  }),
  tanh: unary((n, out, o, a, i, di) => {
    for (const end = o + n; o < end; o++, i += di) out[o] = Math.tanh(a[i])
  }),
  sigmoid: unary((n, out, o, a, i, di) => {
    for (const end = o + n; o < end; o++, i += di) out[o] = sigmoid(a[i])
  }),
  gelu: unary((n, out, o, a, i, di) => {
    for (const end = o + n; o < end; o++, i += di) out[o] = a[i] * normalCdf(a[i])
  }),
  silu: unary((n, out, o, a, i, di) => {
    for (const end = o + n; o < end; o++, i += di) out[o] = a[i] * sigmoid(a[i])
  }),
  softplus: unary((n, out, o, a, i, di) => {
    for (const end = o + n; o < end; o++, i += di) out[o] = softplus(a[i])
  }),
  pow: unaryWith1((n, out, o, a, i, di, exponent) => {
    const end = o + n
    if (out instanceof Int32Array || out instanceof Uint8Array) {
      for (; o < end; o++, i += di) out[o] = convert(power(a[i], exponent), out)
    } else if (exponent === 2) {
      for (; o < end; o++, i += di) out[o] = a[i] * a[i]
    } else if (exponent === 0.5) {
      for (; o < end; o++, i += di) out[o] = Math.sqrt(a[i])
    } else {
      for (; o < end; o++, i += di) out[o] = power(a[i], exponent)
    }
  }),
  xlogy: binary((n, out, o, a, i, di, b, j, dj) => {
    for (const end = o + n; o < end; o++, i += di, j += dj) {
      out[o] = a[i] === 0 && !Number.isNaN(b[j]) ? 0 : a[i] * Math.log(b[j])
    }
  }),
}
