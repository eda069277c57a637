// The workloads' losses in jax-js, functions of (weights by name, batch). A call consumes its arrays; `.ref` keeps one for
// another use.

import * as jax from '@jax-js/jax'

const { numpy: np, nn, lax } = jax

/** x·Wᵀ + b. */
const linear = (x, w, name) => np.matmul(x, w(`${name}.weight`).transpose()).add(w(`${name}.bias`))

/** The mean of cross-entropy on class ids, of logits [rows, classes]. */
function crossEntropy(logits, ids) {
  const [rows, classes] = logits.shape
  return nn
    .logSoftmax(logits, -1)
    .mul(nn.oneHot(ids, classes))
    .sum()
    .mul(-1 / rows)
}

export const mlpLoss =
  ({ layers }) =>
  (w, x, y) => {
    const count = layers.length - 1
    let h = x
    for (let i = 0; i < count; i++) {
      h = linear(h, w, 2 * i)
      if (i < count - 1) h = nn.relu(h)
    }
    return crossEntropy(h, y)
  }

/** A 3 × 3 convolution with padding 1, ReLU and 2 × 2 max pooling with stride 2. */
function convolve(x, w, name) {
  const sums = lax.convGeneralDilated(
    x,
    w(`${name}.weight`),
    [1, 1],
    [
      [1, 1],
      [1, 1],
    ],
  )
  const h = nn.relu(sums.add(w(`${name}.bias`).reshape([-1, 1, 1])))
  const [n, channels, height, width] = h.shape
  return h.reshape([n, channels, height / 2, 2, width / 2, 2]).max([3, 5])
}

export const cnnLoss = () => (w, x, y) => {
  const h = convolve(convolve(x, w, 0), w, 3)
  return crossEntropy(linear(h.reshape([h.shape[0], -1]), w, 7), y)
}

export const recsysLoss =
  ({ rows }) =>
  (w, ...batch) => {
    const y = batch[rows.length]
    const vectors = rows.map((_, i) => np.take(w(`tables.${i}.weight`), batch[i], 0))
    const h = nn.relu(linear(np.concatenate(vectors, 1), w, 'tower.0'))
    const logits = linear(h, w, 'tower.2').reshape([-1])
    // max(x, 0) − x·y + log(1 + exp(−|x|))
    const tail = np.log1p(np.exp(np.abs(logits.ref).neg()))
    return nn.relu(logits.ref).sub(logits.mul(y)).add(tail).mean()
  }

function layerNorm(x, w, name) {
  const centred = x.ref.sub(x.mean(-1, { keepdims: true }))
  const variance = np.square(centred.ref).mean(-1, { keepdims: true })
  return centred
    .div(np.sqrt(variance.add(1e-5)))
    .mul(w(`${name}.weight`))
    .add(w(`${name}.bias`))
}

function attention(x, w, name, heads) {
  const [batch, time, width] = x.shape
  const inner = w(`${name}.in_proj_weight`).transpose()
  const all = np.matmul(x, inner).add(w(`${name}.in_proj_bias`))
  const [q, k, v] = np
    .split(all, 3, -1)
    .map(part => part.reshape([batch, time, heads, width / heads]).transpose([0, 2, 1, 3]))
  // jax-js's dotProductAttention needs iterator methods that Node 20 lacks. −1e9 stands for −∞ above the diagonal.
  const mask = np.triu(np.full([time, time], -1e9), 1)
  const scores = np.matmul(q, k.transpose([0, 1, 3, 2])).mul(Math.sqrt(heads / width))
  const mixed = np
    .matmul(nn.softmax(scores.add(mask), -1), v)
    .transpose([0, 2, 1, 3])
    .reshape([batch, time, width])
  return linear(mixed, w, `${name}.out_proj`)
}

export const charGptLoss =
  ({ layers, heads, vocabulary }) =>
  (w, x, y) => {
    let h = np.take(w('tokens.weight'), x, 0).add(w('positions.weight'))
    for (let i = 0; i < layers; i++) {
      const name = `blocks.layers.${i}`
      h = h.ref.add(attention(layerNorm(h, w, `${name}.norm1`), w, `${name}.self_attn`, heads))
      const inner = nn.gelu(linear(layerNorm(h.ref, w, `${name}.norm2`), w, `${name}.linear1`), { approximate: false })
      h = h.add(linear(inner, w, `${name}.linear2`))
    }
    const logits = linear(layerNorm(h, w, 'blocks.norm'), w, 'head')
    return crossEntropy(logits.reshape([-1, vocabulary]), y.reshape([-1]))
  }
