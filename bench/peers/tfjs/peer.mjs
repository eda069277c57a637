// TensorFlow.js as a peer, on its wasm and its cpu backend. usage: peer.mjs

import { createRequire } from 'node:module'
import { dirname, sep } from 'node:path'
import { inner, layerFlops, serve } from '../serve.mjs'

// Its modules are not such as Node would import; as CommonJS they load.
const require = createRequire(import.meta.url)
const tf = require('@tensorflow/tfjs')
const { setWasmPaths } = require('@tensorflow/tfjs-backend-wasm')
setWasmPaths(dirname(require.resolve('@tensorflow/tfjs-backend-wasm')) + sep)

const array = ({ data, shape }) => tf.tensor(data, shape, data instanceof Int32Array ? 'int32' : 'float32')

/** PyTorch's defaults. */
const optimizers = {
  SGD: lr => tf.train.sgd(lr),
  Adam: lr => tf.train.adam(lr, 0.9, 0.999, 1e-8),
}

/** A training: `loss` of a batch, batches in turn. */
function training(lossOf, variables, batches, { optimizer, lr }, flops) {
  const update = optimizers[optimizer](lr)
  let [loss, steps] = [null, 0]
  return {
    flops,
    run: () => {
      const batch = batches[steps++ % batches.length]
      loss?.dispose()
      loss = update.minimize(() => lossOf(...batch), true, variables)
    },
    finish: () => loss.data(),
    value: () => loss.dataSync()[0],
    forget: () => {
      update.dispose()
      tf.dispose([loss, variables, batches])
    },
  }
}

/** `onBackend` of what builds a task: everything runs on the backend that the setting names. */
const onBackend = build => async (task, tensors, setting) => {
  await tf.setBackend(setting)
  const { run, finish, value, forget, flops } = build(task, tensors)
  const on = action => async () => {
    if (tf.getBackend() !== setting) await tf.setBackend(setting)
    return action()
  }
  return { run, finish: on(finish), value: on(value), forget: on(forget), flops }
}

function mlp(task, tensors) {
  const sizes = task.layers
  const layers = sizes.length - 1
  const variables = Array.from({ length: layers }, (_, i) =>
    ['weight', 'bias'].map(name => tf.variable(array(tensors[`${2 * i}.${name}`]))),
  ).flat()
  // The classes are spread to rows beforehand, which counts for the peer.
  const batches = Array.from({ length: task.batches }, (_, i) => [
    array(tensors[`x${i}`]),
    tf.cast(tf.oneHot(array(tensors[`y${i}`]), sizes[layers]), 'float32'),
  ])
  const lossOf = (x, y) => {
    let h = x
    for (let i = 0; i < layers; i++) {
      h = tf.add(tf.matMul(h, variables[2 * i], false, true), variables[2 * i + 1])
      if (i < layers - 1) h = tf.relu(h)
    }
    return tf.losses.softmaxCrossEntropy(y, h)
  }
  return training(lossOf, variables, batches, task, layerFlops(sizes, tensors.y0.shape[0]))
}

const functions = {
  softmax: x => tf.softmax(x, -1),
  chain: x => tf.mul(tf.relu(tf.add(tf.mul(x, x), x)), 0.5),
}

/** Forward, and backward from a gradient. */
function functionOf(task, tensors) {
  const f = functions[task.name]
  if (f === undefined) throw new Error(`what ${task.name} needs is not written for it`)
  const [x, g] = [array(tensors.x), array(tensors.g)]
  const back = tf.grad(f)
  let gradient = null
  return {
    run: () => {
      gradient?.dispose()
      gradient = back(x, g)
    },
    finish: () => gradient.data(),
    value: () => inner(gradient.dataSync(), tensors.g),
    forget: () => tf.dispose([gradient, x, g]),
  }
}

/** Operations a second of a layer's product. */
async function rate(setting) {
  await tf.setBackend(setting)
  const [a, b] = [tf.ones([128, 1024]), tf.ones([1024, 1024])]
  let begin = 0
  for (let i = 0; i < 2; i++) {
    begin = performance.now()
    const product = tf.matMul(a, b, false, true)
    product.dataSync()
    product.dispose()
  }
  tf.dispose([a, b])
  return (2 * 128 * 1024 * 1024 * 1000) / (performance.now() - begin)
}

await serve({
  hello: () => ({ version: tf.version.tfjs, settings: ['wasm', 'cpu'] }),
  rate,
  kinds: { mlp: onBackend(mlp), function: onBackend(functionOf) },
})
