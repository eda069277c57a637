// Functions of one element (and x·ln y): computed in float64, rounded when stored.

import { convert } from '../convert.js'
import { erf, erfc, mishGate, normalCdf, power, roundHalfToEven, sigmoid, softplus } from '../special.js'
import { binary, unary, unaryWith1, unaryWith2 } from './methods.js'

/** A method of one operand, by a function of one number. */
const mathOf = (f: (x: number) => number): ReturnType<typeof unary> =>
  unary((n, out, o, a, i, di) => {
    for (const end = o + n; o < end; o++, i += di) out[o] = f(a[i])
  })

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
  logSigmoid: unary((n, out, o, a, i, di) => {
    for (const end = o + n; o < end; o++, i += di) out[o] = -softplus(-a[i])
  }),
  mish: unary((n, out, o, a, i, di) => {
    for (const end = o + n; o < end; o++, i += di) out[o] = a[i] * mishGate(a[i]).value
  }),
  elu: unaryWith2((n, out, o, a, i, di, alpha, scale) => {
    for (const end = o + n; o < end; o++, i += di) {
      out[o] = a[i] <= 0 ? scale * alpha * Math.expm1(a[i]) : scale * a[i]
    }
  }),
  hardswish: unary((n, out, o, a, i, di) => {
    for (const end = o + n; o < end; o++, i += di) out[o] = a[i] <= -3 ? 0 : a[i] >= 3 ? a[i] : (a[i] * (a[i] + 3)) / 6
  }),
  hardsigmoid: unary((n, out, o, a, i, di) => {
    for (const end = o + n; o < end; o++, i += di) out[o] = a[i] <= -3 ? 0 : a[i] >= 3 ? 1 : (a[i] + 3) / 6
  }),
  erf: mathOf(erf),
  erfc: mathOf(erfc),
  expm1: mathOf(Math.expm1),
  exp2: mathOf(x => 2 ** x),
  log1p: mathOf(Math.log1p),
  log2: mathOf(Math.log2),
  log10: mathOf(Math.log10),
  tan: mathOf(Math.tan),
  asin: mathOf(Math.asin),
  acos: mathOf(Math.acos),
  atan: mathOf(Math.atan),
  sinh: mathOf(Math.sinh),
  cosh: mathOf(Math.cosh),
  asinh: mathOf(Math.asinh),
  acosh: mathOf(Math.acosh),
  atanh: mathOf(Math.atanh),
  floor: mathOf(Math.floor),
  ceil: mathOf(Math.ceil),
  round: mathOf(roundHalfToEven),
  trunc: mathOf(Math.trunc),
  atan2: binary((n, out, o, a, i, di, b, j, dj) => {
    for (const end = o + n; o < end; o++, i += di, j += dj) out[o] = Math.atan2(a[i], b[j])
  }),
  hypot: binary((n, out, o, a, i, di, b, j, dj) => {
    for (const end = o + n; o < end; o++, i += di, j += dj) out[o] = Math.hypot(a[i], b[j])
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
