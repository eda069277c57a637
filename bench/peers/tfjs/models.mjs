// The workloads' losses in TensorFlow.js, functions of (weights by name, batch), and their layout conversions.

/** @param tf the library. */
export const models = tf => {
  /** x·Wᵀ + b, x [rows, …]. */
  const linear = (x, w, name) => tf.add(tf.matMul(x, w(`${name}.weight`), false, true), w(`${name}.bias`))
  const crossEntropy = (logits, y) => tf.losses.softmaxCrossEntropy(y, logits)
  /** One-hot rows, made once. */
  const spread = (ids, classes) => tf.cast(tf.oneHot(tf.reshape(ids, [-1]), classes), 'float32')

  const mlp = ({ layers }) => ({
    batch: ([x, y]) => [x, spread(y, layers[layers.length - 1])],
    loss: (w, x, y) => {
      const count = layers.length - 1
      let h = x
      for (let i = 0; i < count; i++) {
        h = linear(h, w, 2 * i)
        if (i < count - 1) h = tf.relu(h)
      }
      return crossEntropy(h, y)
    },
  })

  /** tfjs has channels last: images, filters [height, width, in, out], and so the last layer's columns. */
  const cnn = ({ size, channels }) => ({
    weight: (name, value) => {
      if (value.rank === 4) return tf.transpose(value, [2, 3, 1, 0])
      if (name !== '7.weight') return value
      const side = Math.floor(size / 4)
      return tf.reshape(tf.transpose(tf.reshape(value, [10, channels[1], side, side]), [0, 2, 3, 1]), [10, -1])
    },
    batch: ([x, y]) => [tf.transpose(x, [0, 2, 3, 1]), spread(y, 10)],
    loss: (w, x, y) => {
      const convolve = (x, name) => {
        const sums = tf.conv2d(x, w(`${name}.weight`), 1, 'same')
        return tf.maxPool(tf.relu(tf.add(sums, w(`${name}.bias`))), 2, 2, 'valid')
      }
      const h = convolve(convolve(x, 0), 3)
      return crossEntropy(linear(tf.reshape(h, [h.shape[0], -1]), w, 7), y)
    },
  })

  const recsys = ({ rows }) => ({
    batch: batch => batch,
    loss: (w, ...batch) => {
      const vectors = rows.map((_, i) => tf.gather(w(`tables.${i}.weight`), batch[i]))
      const h = tf.relu(linear(tf.concat(vectors, 1), w, 'tower.0'))
      return tf.losses.sigmoidCrossEntropy(batch[rows.length], tf.reshape(linear(h, w, 'tower.2'), [-1]))
    },
  })

  function layerNorm(x, w, name) {
    const { mean, variance } = tf.moments(x, -1, true)
    const normal = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5)))
    return tf.add(tf.mul(normal, w(`${name}.weight`)), w(`${name}.bias`))
  }

  const gelu = x => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1))

  /** x [batch·time, width]. */
  function attention(x, w, name, { heads, width, context }, mask) {
    const all = tf.add(tf.matMul(x, w(`${name}.in_proj_weight`), false, true), w(`${name}.in_proj_bias`))
    const [q, k, v] = tf
      .split(all, 3, -1)
      .map(part => tf.transpose(tf.reshape(part, [-1, context, heads, width / heads]), [0, 2, 1, 3]))
    const scores = tf.add(tf.mul(tf.matMul(q, k, false, true), Math.sqrt(heads / width)), mask)
    const mixed = tf.transpose(tf.matMul(tf.softmax(scores), v), [0, 2, 1, 3])
    return linear(tf.reshape(mixed, [-1, width]), w, `${name}.out_proj`)
  }

  function charGpt(task) {
    const { layers, width, context, vocabulary } = task
    // −1e9 stands for −∞ above the diagonal.
    const mask = tf.mul(tf.sub(1, tf.linalg.bandPart(tf.ones([context, context]), -1, 0)), -1e9)
    return {
      batch: ([x, y]) => [x, spread(y, vocabulary)],
      loss: (w, x, y) => {
        let h = tf.reshape(tf.add(tf.gather(w('tokens.weight'), x), w('positions.weight')), [-1, width])
        for (let i = 0; i < layers; i++) {
          const name = `blocks.layers.${i}`
          h = tf.add(h, attention(layerNorm(h, w, `${name}.norm1`), w, `${name}.self_attn`, task, mask))
          const between = gelu(linear(layerNorm(h, w, `${name}.norm2`), w, `${name}.linear1`))
          h = tf.add(h, linear(between, w, `${name}.linear2`))
        }
        return crossEntropy(linear(layerNorm(h, w, 'blocks.norm'), w, 'head'), y)
      },
    }
  }

  return { mlp, cnn, recsys, charGpt }
}
