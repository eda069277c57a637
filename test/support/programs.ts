// Random programs: graphs of ops with reuse, views and broadcasting, to be run as often as wanted on the same leaves.

import * as bg from '../../lib/index.js'
import { Tensor } from '../../lib/index.js'
import { layerNorm } from '../../lib/ops/network/norms.js'
import type { Random } from './random.js'

/** One op with its operands drawn: the next value from those so far. */
type Step = (values: readonly Tensor[]) => Tensor

export interface Program {
  readonly leaves: readonly Tensor[]
  /** Every value that the steps compute, in order. */
  run(): Tensor[]
}

const identity = bg.defineOp({ name: 'identity', forward: ([x]) => x, vjp: g => [g] })
const flat = bg.defineOp({ name: 'flat', forward: ([x]) => x.flatten(), vjp: (g, { shapes: [s] }) => [g.reshape(s)] })
const cross = bg.defineOp({
  name: 'cross',
  forward: ([x, y]) => x.mul(y).add(x),
  vjp: (g, { inputs: [x, y] }) => [g.mul(y.add(1)), g.mul(x)],
})

const shapes: readonly (readonly number[])[] = [[], [3], [1, 3], [2, 1], [2, 3], [4, 2, 3]]

const normals = (random: Random, shape: readonly number[]): Float64Array =>
  Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal())

const leaf = (random: Random): Tensor => {
  const shape = shapes[random.integer(shapes.length)]
  return new Tensor(normals(random, shape), { shape })
}

const broadcasts = (a: Tensor, b: Tensor): boolean => {
  for (let i = 1; i <= Math.min(a.ndim, b.ndim); i++) {
    const [m, n] = [a.shape[a.ndim - i], b.shape[b.ndim - i]]
    if (m !== n && m !== 1 && n !== 1) return false
  }
  return true
}

/** Keeps what is added or multiplied again and again within bounds. */
const bounded = (x: Tensor): Tensor => x.tanh()

const binaries: readonly ((a: Tensor, b: Tensor) => Tensor)[] = [
  (a, b) => a.add(b),
  (a, b) => a.sub(b),
  (a, b) => a.mul(b),
  (a, b) => a.div(b.mul(b).add(1)),
  (a, b) => a.add(b).add(a),
]

const unaries: readonly ((x: Tensor) => Tensor)[] = [
  x => x.neg(),
  x => x.sigmoid(),
  x => x.exp(),
  x => x.mul(x),
  x => x.clone(),
  x => x.softplus(),
  x => x.mul(x).add(1).log(),
  x => x.reshape([-1]),
  x => x.reshape([1, ...x.shape]),
  x => x.permute(x.shape.map((_, i) => x.ndim - 1 - i)),
  x => x.sum(),
  x => x.to('float64').unsqueeze(0).squeeze(0),
  x => identity([x]),
  x => flat([x]),
  x => bg.stack([x, x.mul(2)]),
]

/** For values with at least one axis. */
const axials: readonly ((x: Tensor, axis: number, random: Random) => Step)[] = [
  (_, axis) =>
    ([x]) =>
      x.sum(axis),
  (_, axis) =>
    ([x]) =>
      x.mean(axis, { keepdims: true }),
  (_, axis) =>
    ([x]) =>
      x.logsumexp(axis),
  (_, axis) =>
    ([x]) =>
      x.prod(axis),
  (_, axis) =>
    ([x]) =>
      x.softmax(axis),
  (_, axis) =>
    ([x]) =>
      x.variance(axis, { correction: 0 }),
  (_, axis) =>
    ([x]) =>
      bg.concat([x, x], axis),
  (_, axis) =>
    ([x]) =>
      bg.concat(x.split(2, axis).reverse(), axis),
  (a, axis) =>
    ([x]) =>
      x.slice(...a.shape.map((n, i): [number, number] => (i === axis ? [0, n] : [n - 1, n]))),
  a =>
    ([x]) =>
      x.pad(
        a.shape.map(() => [1, 0] as const),
        0.5,
      ),
  a =>
    ([x]) =>
      x.expand([2, ...a.shape]),
  () =>
    ([x]) =>
      layerNorm(x, null, null, 1e-2),
  (a, axis, random) => {
    const ids = Int32Array.from({ length: 4 }, () => random.integer(a.shape[axis]))
    return ([x]) => x.indexSelect(axis, ids)
  },
  (a, _, random) => {
    const mask = new Tensor(Array.from({ length: a.size }, () => random.next() < 0.5)).reshape(a.shape)
    return ([x]) => bg.where(mask, x, x.mul(3))
  },
]

/** A step that fits `values`. */
function drawStep(random: Random, values: readonly Tensor[]): Step {
  // Late values more often, so that graphs become deep; each stays in reach.
  const pick = (): number => values.length - 1 - Math.floor(random.next() ** 2 * values.length)
  const i = pick()
  const x = values[i]
  const kind = random.integer(3)
  if (kind === 0 && x.ndim > 0) {
    const step = axials[random.integer(axials.length)](x, random.integer(x.ndim), random)
    return all => bounded(step([all[i]]))
  }
  if (kind === 1) {
    const partners = values.flatMap((y, j) => (broadcasts(x, y) ? [j] : []))
    const j = partners[random.integer(partners.length)]
    const y = values[j]
    if (x.ndim === 2 && y.ndim === 2 && x.shape[1] === y.shape[1] && random.next() < 0.5) {
      return all => bounded(all[i].matmul(all[j].transpose()))
    }
    if (x.shape.join() === y.shape.join() && random.next() < 0.3) return all => bounded(cross([all[i], all[j]]))
    const op = binaries[random.integer(binaries.length)]
    return all => bounded(op(all[i], all[j]))
  }
  const op = unaries[random.integer(unaries.length)]
  return all => bounded(op(all[i]))
}

/** Values are held small: what is larger is summed up instead. */
const largest = 200

export function drawProgram(random: Random): Program {
  const leaves = Array.from({ length: 1 + random.integer(3) }, () => leaf(random))
  const steps: Step[] = []
  const values = [...leaves]
  const count = 3 + random.integer(12)
  while (steps.length < count) {
    const step = drawStep(random, values)
    const value = step(values)
    const at = values.length
    if (value.size > largest) continue
    steps.push(step)
    values[at] = value
  }
  return {
    leaves,
    run: () => {
      const all = [...leaves]
      for (const step of steps) all.push(step(all))
      return all
    },
  }
}
