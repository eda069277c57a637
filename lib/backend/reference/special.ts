// The scalar functions that Math lacks, in float64: the normal distribution, sigmoid, softplus, C's pow.

/** 1 / (1 + e⁻ˣ), without overflow. */
export function sigmoid(x: number): number {
  const e = Math.exp(-Math.abs(x))
  return x < 0 ? e / (1 + e) : 1 / (1 + e)
}

/** ln(1 + eˣ), without overflow. */
export const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))

/** x to the power y as C and IEEE 754 define it: JavaScript alone gives NaN for 1^NaN, 1^±∞ and (−1)^±∞. */
export function power(x: number, y: number): number {
  if (x === 1 || (x === -1 && (y === Number.POSITIVE_INFINITY || y === Number.NEGATIVE_INFINITY))) return 1
  return x ** y
}

const rootTwoPi = Math.sqrt(2 * Math.PI)

/** e^(−x²/2), with x² split in an exact part and a small one: its rounding would cost digits in the tail. */
function gaussian(x: number): number {
  if (Math.abs(x) > 39) return 0
  const high = Math.fround(x)
  return Math.exp(-0.5 * high * high) * Math.exp(-0.5 * (x - high) * (x + high))
}

/** The normal density φ. */
export const normalDensity = (x: number): number => gaussian(x) / rootTwoPi

// Chebyshev coefficients of (1 + 2x)·e^(x²)·erfc(x) in y = (x − 3.5)/(x + 3.5), x ≥ 0 (the form of Shepherd and
// Laframboise, Math. Comp. 36, 1981; fitted anew here in 40 digits: what is left out is below 2⁻⁵⁶).
const series = new Float64Array([
  2.355265463272248, -0.001630177283414629, -0.08733682573463146, 0.05800974837029327, -0.024340115396182225,
  0.007529483715635749, -0.0017438817577112521, 0.00028269829816555584, -2.31849116112635e-5, -2.111766698133041e-6,
  8.765760156892822e-7, -6.105702635086118e-8, -1.7116664716341917e-8, 3.391360268611259e-9, 2.54661619366046e-10,
  -1.2482784079516295e-10, -2.2122757753433792e-12, 4.4272603638230294e-12, -3.367266128031013e-14,
  -1.6519256000923578e-13, 1.9024103044538835e-15, 6.601187937172832e-15, 2.880282449409004e-17, -2.7791709743573e-16,
])

/** (1 + 2z)·e^(z²)·erfc(z) for z ≥ 0, by Clenshaw's recurrence. */
function scaledErfc(z: number): number {
  const y = (z - 3.5) / (z + 3.5)
  let next = 0
  let sum = 0
  for (let k = series.length - 1; k > 0; k--) {
    const last = sum
    sum = 2 * y * sum - next + series[k]
    next = last
  }
  return y * sum - next + 0.5 * series[0]
}

/** The normal distribution function Φ(x) = ½·erfc(−x/√2), to a few units in the last place, the lower tail too. */
export function normalCdf(x: number): number {
  if (Math.abs(x) > 39) return x > 0 ? 1 : 0
  const z = Math.abs(x) * Math.SQRT1_2
  const tail = (0.5 * gaussian(x) * scaledErfc(z)) / (1 + 2 * z)
  return x > 0 ? 1 - tail : tail
}

/** The error function 2/√π·∫₀ˣ e^(−t²) dt: its Maclaurin series where |x| < 1, else 1 − erfc. */
export function erf(x: number): number {
  if (!(Math.abs(x) < 1)) return x < 0 ? erfc(-x) - 1 : 1 - erfc(x)
  let term = x
  let sum = x
  for (let n = 1; n < 25; n++) {
    term *= (-x * x) / n
    sum += term / (2 * n + 1)
  }
  return (2 / Math.sqrt(Math.PI)) * sum
}

/** 1 − erf(x), to a few units in the last place where it is small too. */
export function erfc(x: number): number {
  if (x < 0.5) return x < -1 ? 2 - erfc(-x) : 1 - erf(x)
  if (x > 27) return 0
  // x² in an exact part and a small one.
  const high = Math.fround(x)
  const square = Math.exp(-high * high) * Math.exp(-(x - high) * (x + high))
  return (square * scaledErfc(x)) / (1 + 2 * x)
}

/** tanh(softplus(x)) and 1 − it: over a common sum, so that neither loses digits. */
export function mishGate(x: number): { readonly value: number; readonly rest: number } {
  const e = Math.exp(-Math.abs(x))
  const value = x < 0 ? e * (e + 2) : 1 + 2 * e
  const rest = x < 0 ? 2 : 2 * e * e
  return { value: value / (value + rest), rest: rest / (value + rest) }
}

/** The integer nearest to x, of two the even one; −0 where it is 0 and x negative. */
export function roundHalfToEven(x: number): number {
  const whole = Math.trunc(x)
  const fraction = Math.abs(x - whole)
  if (fraction < 0.5 || (fraction === 0.5 && whole % 2 === 0)) return whole
  return fraction >= 0.5 ? whole + Math.sign(x) : x
}

/** C's remainder; of integers modulo 0 it is 0. */
const rest = (a: number, b: number, isInteger: boolean): number => (isInteger && b === 0 ? 0 : a % b)

/** Python's remainder, with the sign of b; of integers modulo 0 it is 0. */
export function remainder(a: number, b: number, isInteger: boolean): number {
  const r = rest(a, b, isInteger)
  return r !== 0 && r < 0 !== b < 0 ? r + b : r
}

/** ⌊a/b⌋, from the remainder: a quotient that is rounded first may be one too large. Integers divided by 0 give 0. */
export function floorDivide(a: number, b: number, isInteger: boolean): number {
  if (b === 0) return isInteger ? 0 : a / b
  const r = a % b
  const quotient = (a - r) / b - (r !== 0 && r < 0 !== b < 0 ? 1 : 0)
  if (quotient === 0) return 1 / (a / b) < 0 || a / b < 0 ? -0 : 0
  const down = Math.floor(quotient)
  return quotient - down > 0.5 ? down + 1 : down
}
