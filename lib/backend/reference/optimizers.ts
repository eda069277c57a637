// One optimizer step over one parameter, in TypeScript: float64 arithmetic, rounded when stored, denormals flushed.

import type { NumberArray } from '../signature.js'

/** The smallest normal number of an array's element type. */
const smallestNormal = (array: NumberArray): number => (array instanceof Float32Array ? 2 ** -126 : 2 ** -1022)

function sgd(n: number, hyper: Float64Array, g: NumberArray, param: NumberArray, velocity: NumberArray): void {
  const [rate, momentum, weightDecay, nesterov] = hyper
  const smallest = smallestNormal(param)
  const withMomentum = velocity.length > 0
  for (let i = 0; i < n; i++) {
    let step = g[i] + weightDecay * param[i]
    if (withMomentum) {
      const v = momentum * velocity[i] + step
      velocity[i] = Math.abs(v) < smallest ? 0 : v
      step = nesterov !== 0 ? step + momentum * v : v
    }
    const x = param[i] - rate * step
    param[i] = Math.abs(x) < smallest ? 0 : x
  }
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
  const [rate, beta1, beta2, eps, weightDecay, decoupled] = hyper
  const smallest = smallestNormal(param)
  const rate1 = rate / (1 - beta1 ** step[0])
  const root2 = Math.sqrt(1 - beta2 ** step[0])
  for (let i = 0; i < n; i++) {
    const decay = weightDecay * param[i]
    const gradient = decoupled !== 0 ? g[i] : g[i] + decay
    const first = beta1 * m[i] + (1 - beta1) * gradient
    const second = beta2 * v[i] + (1 - beta2) * gradient * gradient
    m[i] = Math.abs(first) < smallest ? 0 : first
    v[i] = second < smallest ? 0 : second
    const start = decoupled !== 0 ? param[i] - rate * decay : param[i]
    const x = start - (rate1 * first) / (Math.sqrt(second) / root2 + eps)
    param[i] = Math.abs(x) < smallest ? 0 : x
  }
}

export const optimizers = { sgd, adam }
