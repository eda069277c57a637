// The kernels without our Tensor: a front end of another make, in the manner of micrograd over arrays, that knows
// nothing of the library but `blasgrad/backend`. It trains a small network on both forms of the backend.

import { describe, expect, test } from 'vitest'
import { type Backend, Layout, loadNative, reference } from '../../lib/backend/index.js'

const { full, row, scalar } = Layout

/** A front end on `k`: a Value is a matrix, its gradient, and how to pass the gradient on. */
function frontEnd(k: Backend) {
  class Value {
    readonly data: Float32Array
    readonly grad: Float32Array
    constructor(
      readonly rows: number,
      readonly cols: number,
      data?: ArrayLike<number>,
      readonly parents: readonly Value[] = [],
      public pass: () => void = () => {},
    ) {
      this.data = data === undefined ? new Float32Array(rows * cols) : Float32Array.from(data)
      this.grad = new Float32Array(rows * cols)
    }

    private collect(part: Float32Array): void {
      k.add(this.rows, this.cols, full, full, this.grad, part, this.grad)
    }

    matmul(w: Value): Value {
      const [m, n, d] = [this.rows, w.cols, this.cols]
      const out = new Value(m, n, undefined, [this, w])
      k.matmul(false, false, m, n, d, 1, 1, full, full, full, this.data, w.data, out.data)
      out.pass = () => {
        const [dx, dw] = [new Float32Array(m * d), new Float32Array(d * n)]
        k.matmul(false, true, m, d, n, 1, 1, full, full, full, out.grad, w.data, dx)
        k.matmul(true, false, d, n, m, 1, 1, full, full, full, this.data, out.grad, dw)
        this.collect(dx)
        w.collect(dw)
      }
      return out
    }

    /** this + b on each row. */
    add(b: Value): Value {
      const out = new Value(this.rows, this.cols, undefined, [this, b])
      k.add(this.rows, this.cols, full, row, this.data, b.data, out.data)
      out.pass = () => {
        const db = new Float32Array(b.cols)
        k.sum(1, this.rows, this.cols, out.grad, db)
        this.collect(out.grad)
        b.collect(db)
      }
      return out
    }

    mul(other: Value): Value {
      const out = new Value(this.rows, this.cols, undefined, [this, other])
      k.mul(this.rows, this.cols, full, full, this.data, other.data, out.data)
      out.pass = () => {
        const part = new Float32Array(out.grad.length)
        k.mul(this.rows, this.cols, full, full, out.grad, other.data, part)
        this.collect(part)
        k.mul(this.rows, this.cols, full, full, out.grad, this.data, part)
        other.collect(part)
      }
      return out
    }

    relu(): Value {
      const out = new Value(this.rows, this.cols, undefined, [this])
      k.relu(this.rows, this.cols, full, this.data, out.data)
      out.pass = () => {
        const part = new Float32Array(out.grad.length)
        k.reluBackward(this.rows, this.cols, full, full, out.grad, out.data, part)
        this.collect(part)
      }
      return out
    }

    /** The mean cross-entropy of these logits against class ids. */
    crossEntropy(ids: Int32Array): Value {
      const out = new Value(1, 1, undefined, [this])
      const none = new Float32Array(0)
      const [losses, weights, logSum] = [0, 1, 2].map(() => new Float32Array(this.rows))
      const bad = k.crossEntropy(this.rows, this.cols, -1, 0, this.data, ids, none, losses, weights, logSum)
      if (bad !== -1) throw new RangeError(`id ${ids[bad]} at ${bad}`)
      k.sum(1, this.rows, 1, losses, out.data)
      k.div(1, 1, full, scalar, out.data, Float32Array.of(this.rows), out.data)
      out.pass = () => {
        const [g, part] = [
          new Float32Array(this.rows).fill(out.grad[0] / this.rows),
          new Float32Array(this.grad.length),
        ]
        k.crossEntropyBackward(this.rows, this.cols, -1, 0, g, this.data, ids, none, logSum, part)
        this.collect(part)
      }
      return out
    }

    backward(): void {
      const order = new Set<Value>()
      const visit = (value: Value): void => {
        if (order.has(value)) return
        value.parents.forEach(visit)
        order.add(value)
      }
      visit(this)
      this.grad.fill(1)
      for (const value of [...order].reverse()) value.pass()
    }
  }
  return Value
}

/** Which of the three rings each of the points lies on. */
function rings(count: number): { points: Float32Array; ids: Int32Array } {
  const points = new Float32Array(2 * count)
  const ids = new Int32Array(count)
  for (let i = 0; i < count; i++) {
    ids[i] = i % 3
    const [angle, radius] = [i * 2.39996, 0.5 + ids[i] + 0.2 * Math.sin(i * 12.9898)]
    points.set([radius * Math.cos(angle), radius * Math.sin(angle)], 2 * i)
  }
  return { points, ids }
}

function train(k: Backend): { losses: number[]; accuracy: number } {
  const Value = frontEnd(k)
  const count = 150
  const { points, ids } = rings(count)
  const random = (rows: number, cols: number, bound: number) => {
    const weights = new Value(rows, cols)
    k.uniform(rows * cols, -bound, bound, rows * cols, Int32Array.of(5, 0, 0, 0), weights.data)
    return weights
  }
  const [w1, b1, gain, w2, b2] = [
    random(2, 16, 1),
    random(1, 16, 0.5),
    random(count, 16, 1),
    random(16, 3, 0.5),
    random(1, 3, 0.1),
  ]
  gain.data.fill(1)
  const x = new Value(count, 2, points)
  const hyper = Float64Array.of(0.1, 0.9, 0, 0)
  const parameters = [w1, b1, w2, b2].map(value => ({ value, velocity: new Float32Array(value.data.length) }))
  const losses: number[] = []
  const logitsOf = () => x.matmul(w1).add(b1).mul(gain).relu().matmul(w2).add(b2)
  for (let step = 0; step < 200; step++) {
    const loss = logitsOf().crossEntropy(ids)
    losses.push(loss.data[0])
    for (const { value } of parameters) value.grad.fill(0)
    loss.backward()
    for (const { value, velocity } of parameters) k.sgd(value.data.length, hyper, value.grad, value.data, velocity)
  }
  const best = new Int32Array(count)
  k.argmax(count, 3, 1, logitsOf().data, best)
  return { losses, accuracy: best.filter((id, i) => id === ids[i]).length / count }
}

const forms: readonly (readonly [string, () => Backend])[] =
  process.env.BLASGRAD_BACKEND === 'reference'
    ? [['reference', () => reference]]
    : [
        ['reference', () => reference],
        ['native', () => loadNative().backend],
      ]

describe('a front end of another make', () => {
  test.each(forms)('learns on the %s backend', (_, backend) => {
    const { losses, accuracy } = train(backend())
    expect(losses[0]).toBeGreaterThan(0.8)
    expect(losses[199]).toBeLessThan(0.25)
    expect(accuracy).toBeGreaterThan(0.95)
  })

  test('both forms agree', () => {
    const [first, ...others] = forms.map(([, backend]) => train(backend()).losses)
    for (const losses of others) {
      for (let step = 0; step < 50; step++) expect(losses[step]).toBeCloseTo(first[step], 3)
    }
    expect(train(reference).losses).toEqual(first)
  })
})
