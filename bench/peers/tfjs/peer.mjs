// The TensorFlow.js peer, on its wasm and cpu backends. usage: peer.mjs

import { createRequire } from 'node:module'
import { dirname, sep } from 'node:path'
import { batchesIn, inner, layerFlops, serve, weightNames } from '../serve.mjs'
import { models } from './models.mjs'

// Node cannot import its ES modules, so they load as CommonJS. stdout carries only answers.
console.log = console.info = console.error
const require = createRequire(import.meta.url)
const tf = require('@tensorflow/tfjs')
const { setWasmPaths } = require('@tensorflow/tfjs-backend-wasm')
setWasmPaths(dirname(require.resolve('@tensorflow/tfjs-backend-wasm')) + sep)

const array = ({ data, shape }) => tf.tensor(data, shape, data instanceof Int32Array ? 'int32' : 'float32')

/** PyTorch's default weight decay of AdamW. */
const decay = 0.01

/** PyTorch's defaults. tfjs has no AdamW, so weights decay before Adam's update. */
const optimizers = {
  SGD: lr => tf.train.sgd(lr),
  Adam: lr => tf.train.adam(lr, 0.9, 0.999, 1e-8),
  AdamW: lr => {
    const update = tf.train.adam(lr, 0.9, 0.999, 1e-8)
    return {
      minimize: (lossOf, _, variables) =>
        tf.tidy(() => {
          const { value, grads } = tf.variableGrads(lossOf, variables)
          for (const variable of variables) variable.assign(tf.mul(variable, 1 - lr * decay))
          update.applyGradients(grads)
          return value
        }),
      dispose: () => update.dispose(),
    }
  },
}

/** Wraps a task's builder so that all of it runs on the setting's backend. */
const onBackend = build => async (task, tensors, setting) => {
  await tf.setBackend(setting)
  const { finish, value, forget, ...rest } = build(task, tensors)
  const on = action => async () => {
    if (tf.getBackend() !== setting) await tf.setBackend(setting)
    return action()
  }
  return { ...rest, finish: on(finish), value: on(value), forget: on(forget) }
}

/** For tasks that took the cpu backend more than 15 s a step: they are not tried on it. */
const onWasmOnly = build => (task, tensors, setting) => {
  if (setting === 'cpu') throw new Error(`a step of ${task.kind} takes more than 15 s on its cpu backend`)
  return build(task, tensors, setting)
}

/** Trains all weights of the file on its batches, cyclically. */
const training = (makeModel, flopsOf) =>
  onBackend((task, tensors) => {
    const { weight = (_, value) => value, batch: layOut, loss: lossOf } = makeModel(task)
    const weights = new Map(
      weightNames(tensors).map(name => [
        name,
        tf.variable(weight(name, array(tensors[name])), true, `weight ${nextName++}`),
      ]),
    )
    const variables = [...weights.values()]
    const byName = name => weights.get(`${name}`)
    const batches = batchesIn(tensors, task.batches).map(batch => layOut(batch.map(array)))
    const update = optimizers[task.optimizer ?? 'Adam'](task.lr)
    let [loss, steps] = [null, 0]
    return {
      flops: flopsOf?.(task, tensors),
      run: () => {
        const batch = batches[steps++ % batches.length]
        loss?.dispose()
        loss = update.minimize(() => lossOf(byName, ...batch), true, variables)
      },
      finish: () => loss.data(),
      value: () => loss.dataSync()[0],
      forget: () => {
        update.dispose()
        tf.dispose([loss, variables, batches])
      },
    }
  })
/** tfjs requires unique variable names. */
let nextName = 0

const functions = {
  softmax: x => tf.softmax(x, -1),
  chain: x => tf.mul(tf.relu(tf.add(tf.mul(x, x), x)), 0.5),
}

/** Forward, and backward from a gradient. */
function functionOf(task, tensors) {
  const f = functions[task.name]
  if (f === undefined) throw new Error(`${task.name} is not implemented for tfjs`)
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

/** Operations a second of a linear layer's product. */
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

const { mlp, cnn, recsys, charGpt } = models(tf)

await serve({
  hello: () => ({ version: tf.version.tfjs, settings: ['wasm', 'cpu'] }),
  rate,
  kinds: {
    mlp: training(mlp, ({ layers }, { y0 }) => layerFlops(layers, y0.shape[0])),
    cnn: onWasmOnly(training(cnn)),
    recsys: onWasmOnly(training(recsys)),
    charGpt: onWasmOnly(training(charGpt)),
    function: onBackend(functionOf),
  },
})
