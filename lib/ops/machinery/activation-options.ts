// The options of activations, which their layers take as well.

import { finite, oneOf, type Schema } from '../../base/options.js'

export interface GeluOptions {
  /** `none` (a·Φ(a), by default) or `tanh`, the approximation of Hendrycks and Gimpel (2016). */
  readonly approximate?: 'none' | 'tanh'
}

export const geluOptions: Schema<GeluOptions> = { approximate: oneOf('none', 'tanh') }

export interface SoftplusOptions {
  /** ln(1 + e^(beta·a))/beta; 1 by default. */
  readonly beta?: number
  /** Where beta·a is above it, the result is a; 20 by default. */
  readonly threshold?: number
}

export const softplusOptions: Schema<SoftplusOptions> = { beta: finite, threshold: finite }
