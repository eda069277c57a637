// Kernels that work element by element over a grid rows × cols, each operand full, scalar, row or column, under at most
// four outer axes. `outer` holds, for each such axis from the outermost in, its count and the stride of each operand
// (the output is contiguous). These are the tile primitives that compiled steps fuse. Scalars are rounded to T first.

import type { Kernel } from '../signature.js'

type Operands<Names extends string, All extends string = Names> = Names extends `${infer First} ${infer Rest}`
  ? `${Layouts<First>} ${Operands<Rest, All>}`
  : Layouts<Names>
type Layouts<Name extends string> = Name extends `${infer Bare}<${string}`
  ? `${Bare}Layout:layout`
  : `${Name}Layout:layout`
type Scalars<Names extends string> = Names extends ''
  ? ''
  : Names extends `${infer First} ${infer Rest}`
    ? `${First}:scalar ${Scalars<Rest>}`
    : `${Names}:scalar `
type Inputs<Names extends string> = Names extends `${infer First} ${infer Rest}`
  ? `${Input<First>} ${Inputs<Rest>}`
  : Input<Names>
type Input<Name extends string> = Name extends `${infer Bare}<${infer E}>` ? `${Bare}:in<${E}>` : `${Name}:in`

/** What the types need of the text; the lengths are in the value. */
type Text<
  I extends string,
  S extends string,
  O extends string,
> = `rows:size cols:size ${Operands<I>} ${Scalars<S>}${Inputs<I>} out:${O} outer:outer`

interface Options<S extends string> {
  readonly scalars?: S
  /** The same bits from every backend. */
  readonly exact?: boolean
  readonly dtypes?: 'floats' | 'numbers'
  readonly copies?: boolean
}

function elementwise<I extends string, O extends 'out' | 'out<bool>', S extends string = ''>(
  inputs: I,
  out: O,
  options: Options<S>,
): Kernel<Text<I, S, O>> {
  const operands = inputs.split(' ').map(word => {
    const [name, element] = word.replace('>', '').split('<')
    return { name, role: element === undefined ? 'in' : `in<${element}>` }
  })
  const words = [
    'rows:size cols:size',
    ...operands.map(({ name }) => `${name}Layout:layout`),
    ...(options.scalars ?? '')
      .split(' ')
      .filter(Boolean)
      .map(name => `${name}:scalar`),
    ...operands.map(({ name, role }, i) => `${name}:${role}[grid(${name}Layout,${i})]`),
    `out:${out}[grid]`,
    'outer:outer',
  ]
  return {
    signature: words.join(' ') as Text<I, S, O>,
    class: 'elementwise',
    dtypes: options.dtypes ?? 'floats',
    inPlace: out === 'out' ? operands.filter(({ role }) => role === 'in').map(({ name }) => name) : [],
    exact: options.exact ?? false,
    copies: options.copies ?? false,
    flops: 'grid',
  }
}

const exactNumbers = { exact: true, dtypes: 'numbers' } as const
const exact = { exact: true } as const

export const elementwiseKernels = {
  /** out = a. */
  copy: elementwise('a', 'out', { ...exactNumbers, copies: true }),
  /** out = −a. Integers wrap. */
  neg: elementwise('a', 'out', exactNumbers),
  /** out = |a|. */
  abs: elementwise('a', 'out', exactNumbers),
  /** out = −1, 0 or 1 by a's sign; 0 for NaN. */
  sign: elementwise('a', 'out', exactNumbers),
  /** out = max(a, 0); NaN stays NaN. */
  relu: elementwise('a', 'out', exactNumbers),
  /** out = √a. */
  sqrt: elementwise('a', 'out', exact),
  /** out = 1/√a. */
  rsqrt: elementwise('a', 'out', {}),
  /** out = eᵃ. */
  exp: elementwise('a', 'out', {}),
  /** out = ln a; −∞ at 0, NaN below. */
  log: elementwise('a', 'out', {}),
  /** out = sin a, a in radians. */
  sin: elementwise('a', 'out', {}),
  /** out = cos a, a in radians. */
  cos: elementwise('a', 'out', {}),
  /** out = tanh a. */
  tanh: elementwise('a', 'out', {}),
  /** out = 1 / (1 + e⁻ᵃ). */
  sigmoid: elementwise('a', 'out', {}),
  /** out = a·Φ(a), Φ the normal distribution function (the exact form, with erf). */
  gelu: elementwise('a', 'out', {}),
  /** out = a·sigmoid(a). */
  silu: elementwise('a', 'out', {}),
  /** out = ln(1 + eᵃ), without overflow. */
  softplus: elementwise('a', 'out', {}),
  /** out = ln(1 + eᵃ) subtracted from a: ln(sigmoid a), without overflow. */
  logSigmoid: elementwise('a', 'out', {}),
  /** out = a·tanh(softplus(a)). */
  mish: elementwise('a', 'out', {}),
  /** out = scale·a where a > 0, scale·alpha·(eᵃ − 1) elsewhere. */
  elu: elementwise('a', 'out', { scalars: 'alpha scale' }),
  /** out = a·hardsigmoid(a). */
  hardswish: elementwise('a', 'out', {}),
  /** out = (a + 3)/6 where |a| < 3, 0 below, 1 above. */
  hardsigmoid: elementwise('a', 'out', {}),

  /** out = eᵃ − 1, accurate near 0. */
  expm1: elementwise('a', 'out', {}),
  /** out = 2ᵃ. */
  exp2: elementwise('a', 'out', {}),
  /** out = ln(1 + a), accurate near 0; −∞ at −1, NaN below. */
  log1p: elementwise('a', 'out', {}),
  /** out = log₂ a; −∞ at 0, NaN below. */
  log2: elementwise('a', 'out', {}),
  /** out = log₁₀ a; −∞ at 0, NaN below. */
  log10: elementwise('a', 'out', {}),
  /** out = erf a, the error function 2/√π·∫₀ᵃ e^(−t²) dt. */
  erf: elementwise('a', 'out', {}),
  /** out = 1 − erf a, accurate where it is small. */
  erfc: elementwise('a', 'out', {}),
  /** out = tan a, a in radians. */
  tan: elementwise('a', 'out', {}),
  /** out = the angle in [−π/2, π/2] whose sine is a; NaN outside of [−1, 1]. */
  asin: elementwise('a', 'out', {}),
  /** out = the angle in [0, π] whose cosine is a; NaN outside of [−1, 1]. */
  acos: elementwise('a', 'out', {}),
  /** out = the angle in [−π/2, π/2] whose tangent is a. */
  atan: elementwise('a', 'out', {}),
  /** out = (eᵃ − e⁻ᵃ)/2. */
  sinh: elementwise('a', 'out', {}),
  /** out = (eᵃ + e⁻ᵃ)/2. */
  cosh: elementwise('a', 'out', {}),
  /** out = ln(a + √(a² + 1)). */
  asinh: elementwise('a', 'out', {}),
  /** out = ln(a + √(a² − 1)); NaN below 1. */
  acosh: elementwise('a', 'out', {}),
  /** out = ½·ln((1 + a)/(1 − a)); ±∞ at ±1, NaN beyond. */
  atanh: elementwise('a', 'out', {}),
  /** out = the largest integer that is at most a. */
  floor: elementwise('a', 'out', exact),
  /** out = the smallest integer that is at least a. */
  ceil: elementwise('a', 'out', exact),
  /** out = the integer nearest to a; of two the even one. */
  round: elementwise('a', 'out', exact),
  /** out = a without its fraction. */
  trunc: elementwise('a', 'out', exact),

  /** out = a where a > 0, slope·a elsewhere. */
  leakyRelu: elementwise('a', 'out', { scalars: 'slope', exact: true }),
  /** out = min(max(a, low), high); NaN stays NaN. */
  clamp: elementwise('a', 'out', { scalars: 'low high', ...exactNumbers }),
  /** out = a to the power `exponent`; a⁰ = 1 everywhere; integers are truncated. */
  pow: elementwise('a', 'out', { scalars: 'exponent', dtypes: 'numbers' }),

  /** out = a + b. Integers wrap. */
  add: elementwise('a b', 'out', exactNumbers),
  /** out = a − b. Integers wrap. */
  sub: elementwise('a b', 'out', exactNumbers),
  /** out = a·b. Integers wrap. */
  mul: elementwise('a b', 'out', exactNumbers),
  /** out = a / b. */
  div: elementwise('a b', 'out', exact),
  /** out = the larger of a and b; NaN if either is. */
  maximum: elementwise('a b', 'out', exactNumbers),
  /** out = the smaller of a and b; NaN if either is. */
  minimum: elementwise('a b', 'out', exactNumbers),
  /** out = the angle in [−π, π] of the point (b, a), in radians. */
  atan2: elementwise('a b', 'out', {}),
  /** out = √(a² + b²), without overflow; ∞ if either is infinite. */
  hypot: elementwise('a b', 'out', {}),
  /** out = |a| with the sign of b, that of −0 too; |a| where b is NaN. */
  copysign: elementwise('a b', 'out', exact),
  /** out = a − trunc(a/b)·b, with the sign of a; 0 for integers where b is 0. */
  fmod: elementwise('a b', 'out', exactNumbers),
  /** out = a − ⌊a/b⌋·b, with the sign of b; 0 for integers where b is 0. */
  remainder: elementwise('a b', 'out', { dtypes: 'numbers' }),
  /** out = ⌊a/b⌋; 0 for integers where b is 0. Integers wrap. */
  floorDivide: elementwise('a b', 'out', { dtypes: 'numbers' }),
  /** out = a·ln b, and 0 where a is 0 (unless b is NaN). */
  xlogy: elementwise('a b', 'out', {}),
  /** out = a / b, and 0 where a is 0 (unless b is NaN). */
  xdivy: elementwise('a b', 'out', exact),
  /** out = 0 where a < b, ½ where a = b, else 1 (where either is NaN too): the share of a gradient that `maximum` sends to a. */
  maximumShare: elementwise('a b', 'out', exact),

  /** out = a > b. False where either is NaN; so for every comparison but notEqual. */
  greater: elementwise('a b', 'out<bool>', exactNumbers),
  /** out = a ≥ b. */
  greaterEqual: elementwise('a b', 'out<bool>', exactNumbers),
  /** out = a < b. */
  less: elementwise('a b', 'out<bool>', exactNumbers),
  /** out = a ≤ b. */
  lessEqual: elementwise('a b', 'out<bool>', exactNumbers),
  /** out = (a = b). */
  equal: elementwise('a b', 'out<bool>', exactNumbers),
  /** out = (a ≠ b). */
  notEqual: elementwise('a b', 'out<bool>', exactNumbers),

  /** out = a where mask is not 0, b elsewhere. */
  where: elementwise('mask<bool> a b', 'out', exactNumbers),

  /** out = g where y > 0 or y is NaN, else 0; y = relu(a). */
  reluBackward: elementwise('g y', 'out', exact),
  /** out = g where a > 0, slope·g elsewhere. */
  leakyReluBackward: elementwise('g a', 'out', { scalars: 'slope', exact: true }),
  /** out = g where low ≤ a ≤ high, else 0. */
  clampBackward: elementwise('g a', 'out', { scalars: 'low high', exact: true }),
  /** out = 0 where a ≤ low or a ≥ high, else g. */
  hardtanhBackward: elementwise('g a', 'out', { scalars: 'low high', exact: true }),
  /** out = g·scale where a > 0, g·scale·alpha·eᵃ elsewhere. */
  eluBackward: elementwise('g a', 'out', { scalars: 'alpha scale' }),
  /** out = 0 where a ≤ −3, g where a ≥ 3, else g·(a/3 + ½). */
  hardswishBackward: elementwise('g a', 'out', {}),
  /** out = g·(w + a·sigmoid(a)·(1 − w²)); w = tanh(softplus(a)). */
  mishBackward: elementwise('g a', 'out', {}),
  /** out = g·exponent·a^(exponent−1), and 0 where exponent is 0. */
  powBackward: elementwise('g a', 'out', { scalars: 'exponent' }),
  /** out = g / (2y); y = √a. */
  sqrtBackward: elementwise('g y', 'out', exact),
  /** out = −½·g·y³; y = 1/√a. */
  rsqrtBackward: elementwise('g y', 'out', {}),
  /** out = g·(1 − y²); y = tanh a. */
  tanhBackward: elementwise('g y', 'out', {}),
  /** out = g·y·(1 − y); y = sigmoid a. */
  sigmoidBackward: elementwise('g y', 'out', {}),
  /** out = g·(Φ(a) + a·φ(a)), φ the normal density. */
  geluBackward: elementwise('g a', 'out', {}),
  /** out = g·s·(1 + a·(1 − s)); s = sigmoid a. */
  siluBackward: elementwise('g a', 'out', {}),
  /** out = g·sigmoid(a). */
  softplusBackward: elementwise('g a', 'out', {}),
}
