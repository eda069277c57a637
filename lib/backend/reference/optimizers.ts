// One optimizer step over one parameter, in TypeScript: float64 arithmetic, rounded when stored, denormals flushed.

import type { NumberArray } from '../signature.js'

/** The smallest normal number of an array's element type. */
const smallestNormal = (array: NumberArray): number => (array instanceof Float32Array ? 2 ** -126 : 2 ** -1022)

/** Updates element i, given its gradient. */
type Update = (i: number, gradient: number) => void

function sgdUpdate(hyper: Float64Array, param: NumberArray, velocity: NumberArray): Update {
  const [rate, momentum, weightDecay, nesterov] = hyper
  const smallest = smallestNormal(param)
  const withMomentum = velocity.length > 0
  return (i, gradient) => {
    let step = gradient + weightDecay * param[i]
    if (withMomentum) {
      const v = momentum * velocity[i] + step
      velocity[i] = Math.abs(v) < smallest ? 0 : v
      step = nesterov !== 0 ? step + momentum * v : v
    }
    const x = param[i] - rate * step
    param[i] = Math.abs(x) < smallest ? 0 : x
  }
}

function adamUpdate(hyper: Float64Array, t: number, param: NumberArray, m: NumberArray, v: NumberArray): Update {
  const [rate, beta1, beta2, eps, weightDecay, decoupled] = hyper
  const smallest = smallestNormal(param)
  const rate1 = rate / (1 - beta1 ** t)
  const root2 = Math.sqrt(1 - beta2 ** t)
  return (i, g) => {
    const decay = weightDecay * param[i]
    const gradient = decoupled !== 0 ? g : g + decay
    const first = beta1 * m[i] + (1 - beta1) * gradient
    const second = beta2 * v[i] + (1 - beta2) * gradient * gradient
    m[i] = Math.abs(first) < smallest ? 0 : first
    v[i] = second < smallest ? 0 : second
    const start = decoupled !== 0 ? param[i] - rate * decay : param[i]
    const x = start - (rate1 * first) / (Math.sqrt(second) / root2 + eps)
    param[i] = Math.abs(x) < smallest ? 0 : x
  }
}

/** A row-sparse gradient, as the kernels take it: its rows, and for each row of the parameter a list of them. */
interface Lists {
  readonly n: number
  readonly inner: number
  readonly count: number
  readonly g: NumberArray
  readonly first: Int32Array
  readonly next: Int32Array
}

/**
 * Updates each row with the sum of its list's rows, rounded as an array of g's type holds it. Rows with an empty list may
 * be skipped.
 */
function eachRow(
  { n, inner, count, g, first, next }: Lists,
  update: Update,
  rests: (at: number) => boolean = () => false,
): void {
  const round = g instanceof Float32Array ? Math.fround : Number
  const has = (position: number): boolean => position >= 0 && position < count
  for (let row = 0, at = 0; row < n; row++) {
    for (let i = 0; i < inner; i++, at++) {
      if (!has(first[row]) && rests(at)) continue
      let sum = 0
      for (let j = first[row], last = -1; has(j) && j > last; last = j, j = next[j]) sum = round(sum + g[j * inner + i])
      update(at, sum)
    }
  }
}

function sgd(n: number, hyper: Float64Array, g: NumberArray, param: NumberArray, velocity: NumberArray): void {
  const update = sgdUpdate(hyper, param, velocity)
  for (let i = 0; i < n; i++) update(i, g[i])
}

function sgdRows(
  n: number,
  inner: number,
  count: number,
  hyper: Float64Array,
  g: NumberArray,
  first: Int32Array,
  next: Int32Array,
  param: NumberArray,
  velocity: NumberArray,
): void {
  eachRow({ n, inner, count, g, first, next }, sgdUpdate(hyper, param, velocity))
}

function adam(
  n: number,
  hyper: Float64Array,
  step: Float64Array,
  g: NumberArray,
  param: NumberArray,
  m: NumberArray,
  v: NumberArray,
): void {
  const update = adamUpdate(hyper, step[0], param, m, v)
  for (let i = 0; i < n; i++) update(i, g[i])
}

function adamRows(
  n: number,
  inner: number,
  count: number,
  hyper: Float64Array,
  step: Float64Array,
  g: NumberArray,
  first: Int32Array,
  next: Int32Array,
  param: NumberArray,
  m: NumberArray,
  v: NumberArray,
): void {
  const [rate, beta1, beta2, eps, weightDecay] = hyper
  const canRest =
    weightDecay === 0 &&
    beta1 * beta1 <= beta2 &&
    eps >= Math.sqrt(smallestNormal(param)) * 2 ** 30 &&
    Number.isFinite(rate / (1 - beta1 ** step[0]))
  const update = adamUpdate(hyper, step[0], param, m, v)
  eachRow({ n, inner, count, g, first, next }, update, at => canRest && v[at] === 0)
}

export const optimizers = { sgd, adam, sgdRows, adamRows }
