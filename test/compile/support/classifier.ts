// A training step written by hand, as a recorder would write it: 784-128-10, ReLU, cross-entropy, SGD with momentum.

import { Layout } from '../../../lib/base/layout.js'
import type { Program, Reference } from '../../../lib/compile/program.js'
import { Builder, zeros } from './builder.js'

const { full, scalar, row } = Layout

/** Its arguments are the batch [batch, 784] and the class ids [batch]; its result is the mean loss. */
export function classifierStep(batch: number): Program {
  const b = new Builder()
  const [inputs, hidden, classes] = [784, 128, 10]
  const [x, ids] = [b.argument(batch * inputs), b.argument(batch, 'int32')]
  const state = (length: number): Reference => b.state(zeros('float32', length))
  const sizes = [hidden * inputs, hidden, classes * hidden, classes]
  const [w1, b1, w2, b2] = sizes.map(state)
  const velocities = sizes.map(state)
  const hyper = b.state(Float64Array.of(0.1, 0.9, 0, 0))
  const product = (
    [transposeA, transposeB]: readonly [boolean, boolean],
    [m, n, k]: readonly [number, number, number],
    [left, right]: readonly [Reference, Reference],
  ): Reference => {
    const out = b.made(m * n)
    b.call('matmul', transposeA, transposeB, m, n, k, 1, 1, full, full, full, left, right, out)
    return out
  }
  const plus = (cols: number, a: Reference, bias: Reference): Reference => {
    const out = b.made(batch * cols)
    b.call('add', batch, cols, full, row, a, bias, out)
    return out
  }
  const total = (cols: number, a: Reference): Reference => {
    const out = b.made(cols)
    b.call('sum', 1, batch, cols, a, out)
    return out
  }

  const before = plus(hidden, product([false, true], [batch, hidden, inputs], [x, w1]), b1)
  const after = b.made(batch * hidden)
  b.call('relu', 1, batch * hidden, full, before, after)
  const logits = plus(classes, product([false, true], [batch, classes, hidden], [after, w2]), b2)
  const [losses, weights, logSum] = [b.made(batch), b.made(batch), b.made(batch)]
  b.call('crossEntropy', batch, classes, -100, 0, logits, ids, null, losses, weights, logSum)
  const [sum, loss, share, repeated] = [b.made(1), b.made(1), b.made(1), b.made(batch)]
  b.call('sum', 1, batch, 1, losses, sum)
  const count = b.constant(Float32Array.of(batch))
  b.call('div', 1, 1, full, full, sum, count, loss)
  b.call('div', 1, 1, full, full, b.constant(Float32Array.of(1)), count, share)
  b.call('copy', 1, batch, scalar, share, repeated)
  const toLogits = b.made(batch * classes)
  b.call('crossEntropyBackward', batch, classes, -100, 0, repeated, logits, ids, null, logSum, toLogits)
  const toBias2 = total(classes, toLogits)
  const toAfter = product([false, false], [batch, hidden, classes], [toLogits, w2])
  const toWeight2 = product([true, false], [classes, hidden, batch], [toLogits, after])
  const toBefore = b.made(batch * hidden)
  b.call('reluBackward', 1, batch * hidden, full, full, toAfter, after, toBefore)
  const toBias1 = total(hidden, toBefore)
  const toWeight1 = product([true, false], [hidden, inputs, batch], [toBefore, x])
  // The gradient of the batch itself, which nobody wants.
  product([false, false], [batch, inputs, hidden], [toBefore, w1])
  for (const [i, gradient] of [toWeight1, toBias1, toWeight2, toBias2].entries()) {
    b.call('sgd', sizes[i], hyper, gradient, [w1, b1, w2, b2][i], velocities[i])
  }
  return b.program(loss)
}
