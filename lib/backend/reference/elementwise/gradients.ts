// The elementwise kernels of the backward pass: g times a derivative, in float64, rounded when stored.

import { convert } from '../convert.js'
import { mishGate, normalCdf, normalDensity, power, sigmoid } from '../special.js'
import { binary, binaryWith1, binaryWith2 } from './methods.js'

export const gradients = {
  reluBackward: binary((n, out, o, g, i, di, y, j, dj) => {
    for (const end = o + n; o < end; o++, i += di, j += dj) out[o] = y[j] <= 0 ? 0 : g[i]
  }),
  leakyReluBackward: binaryWith1((n, out, o, g, i, di, a, j, dj, slope) => {
    for (const end = o + n; o < end; o++, i += di, j += dj) out[o] = a[j] > 0 ? g[i] : slope * g[i]
  }),
  clampBackward: binaryWith2((n, out, o, g, i, di, a, j, dj, low, high) => {
    for (const end = o + n; o < end; o++, i += di, j += dj) out[o] = a[j] >= low && a[j] <= high ? g[i] : 0
  }),
  hardtanhBackward: binaryWith2((n, out, o, g, i, di, a, j, dj, low, high) => {
    for (const end = o + n; o < end; o++, i += di, j += dj) out[o] = a[j] <= low || a[j] >= high ? 0 : g[i]
  }),
  eluBackward: binaryWith2((n, out, o, g, i, di, a, j, dj, alpha, scale) => {
    for (const end = o + n; o < end; o++, i += di, j += dj) {
      out[o] = g[i] * (a[j] <= 0 ? scale * alpha * Math.exp(a[j]) : scale)
    }
  }),
  hardswishBackward: binary((n, out, o, g, i, di, a, j, dj) => {
    for (const end = o + n; o < end; o++, i += di, j += dj) {
      out[o] = a[j] <= -3 ? 0 : a[j] >= 3 ? g[i] : (g[i] * (a[j] + 1.5)) / 3
    }
  }),
  mishBackward: binary((n, out, o, g, i, di, a, j, dj) => {
    for (const end = o + n; o < end; o++, i += di, j += dj) {
      const { value, rest } = mishGate(a[j])
      out[o] = g[i] * (value + a[j] * sigmoid(a[j]) * rest * (1 + value))
    }
  }),
  powBackward: binaryWith1((n, out, o, g, i, di, a, j, dj, exponent) => {
    // As pow has it, PyTorch's too: to the power ½ is the square root, NaN at −∞.
    const slope = exponent === 1.5 ? Math.sqrt : (x: number): number => power(x, exponent - 1)
    for (const end = o + n; o < end; o++, i += di, j += dj) out[o] = exponent === 0 ? 0 : g[i] * exponent * slope(a[j])
  }),
  sqrtBackward: binary((n, out, o, g, i, di, y, j, dj) => {
    for (const end = o + n; o < end; o++, i += di, j += dj) out[o] = g[i] / convert(2 * y[j], out)
  }),
  rsqrtBackward: binary((n, out, o, g, i, di, y, j, dj) => {
    for (const end = o + n; o < end; o++, i += di, j += dj) out[o] = -0.5 * g[i] * y[j] * y[j] * y[j]
  }),
  tanhBackward: binary((n, out, o, g, i, di, y, j, dj) => {
    for (const end = o + n; o < end; o++, i += di, j += dj) out[o] = g[i] * ((1 - y[j]) * (1 + y[j]))
  }),
  sigmoidBackward: binary((n, out, o, g, i, di, y, j, dj) => {
    for (const end = o + n; o < end; o++, i += di, j += dj) out[o] = g[i] * y[j] * (1 - y[j])
  }),
  geluBackward: binary((n, out, o, g, i, di, a, j, dj) => {
    for (const end = o + n; o < end; o++, i += di, j += dj) {
      out[o] = g[i] * (normalCdf(a[j]) + a[j] * normalDensity(a[j]))
    }
  }),
  siluBackward: binary((n, out, o, g, i, di, a, j, dj) => {
    for (const end = o + n; o < end; o++, i += di, j += dj) {
      const s = sigmoid(a[j])
      out[o] = g[i] * s * (1 + a[j] * sigmoid(-a[j]))
    }
  }),
  softplusBackward: binary((n, out, o, g, i, di, a, j, dj) => {
    for (const end = o + n; o < end; o++, i += di, j += dj) out[o] = g[i] * sigmoid(a[j])
  }),
}
