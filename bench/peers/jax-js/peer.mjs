// The jax-js peer: whole steps in `jit`, on WebAssembly. usage: peer.mjs

import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { batchesIn, inner, layerFlops, serve, weightNames } from '../serve.mjs'

// jax-js reads the number of cores from `navigator`, which Node 20 lacks.
globalThis.navigator ??= { hardwareConcurrency: availableParallelism() }
const jax = await import('@jax-js/jax')
const { charGptLoss, cnnLoss, mlpLoss, recsysLoss } = await import('./models.mjs')
const { numpy: np, nn, tree } = jax

await jax.init('wasm')
jax.defaultDevice('wasm')

const array = ({ data, shape }) => np.array(data).reshape(shape)

/** PyTorch's default weight decay of AdamW. */
const decay = 0.01

/** Adam's initial state and its update. `shrink` scales the weights first (decoupled weight decay). */
const adam = (lr, shapes, shrink = 1) => ({
  state: [shapes.map(shape => np.zeros(shape)), shapes.map(shape => np.zeros(shape)), [np.array(1), np.array(1)]],
  update: (gradients, [means, squares, [power1, power2]], values) => {
    // β₁ᵗ and β₂ᵗ.
    const [p1, p2] = [power1.mul(0.9), power2.mul(0.999)]
    const m = means.map((mean, i) => mean.mul(0.9).add(gradients[i].ref.mul(0.1)))
    const v = squares.map((square, i) => square.mul(0.999).add(gradients[i].ref.mul(gradients[i]).mul(0.001)))
    const next = values.map((value, i) => {
      const mean = m[i].ref.div(np.subtract(1, p1.ref))
      const root = np.sqrt(v[i].ref.div(np.subtract(1, p2.ref))).add(1e-8)
      return (shrink === 1 ? value : value.mul(shrink)).sub(mean.div(root).mul(lr))
    })
    return [next, [m, v, [p1, p2]]]
  },
})

const optimizers = {
  SGD: lr => ({
    state: [],
    update: (gradients, state, values) => [values.map((value, i) => value.sub(gradients[i].mul(lr))), state],
  }),
  Adam: adam,
  AdamW: (lr, shapes) => adam(lr, shapes, 1 - lr * decay),
}

/** Trains all weights of the file on its batches, cyclically. */
const training = (makeLoss, flopsOf) => (task, tensors) => {
  const names = weightNames(tensors)
  const lossOf = makeLoss(task)
  const batches = batchesIn(tensors, task.batches).map(batch => batch.map(array))
  const shapes = names.map(name => tensors[name].shape)
  const { state: begin, update } = optimizers[task.optimizer ?? 'Adam'](task.lr, shapes)
  const step = jax.jit((values, state, ...batch) => {
    const byName = values => name => values[names.indexOf(`${name}`)]
    const [loss, gradients] = jax.valueAndGrad((values, ...batch) => lossOf(byName(values), ...batch))(
      tree.ref(values),
      ...batch,
    )
    return [loss, ...update(gradients, state, values)]
  })
  let [values, state, loss, steps] = [names.map(name => array(tensors[name])), begin, null, 0]
  return {
    flops: flopsOf?.(task, tensors),
    run: async () => {
      const batch = batches[steps++ % batches.length]
      loss?.dispose()
      ;[loss, values, state] = step(values, state, ...batch.map(each => each.ref))
      await jax.blockUntilReady(loss)
    },
    finish: () => jax.blockUntilReady([loss, values, state]),
    value: () => loss.ref.dataSync()[0],
    forget: () => {
      tree.dispose([loss, values, state, batches])
      step.dispose()
    },
  }
}

const functions = {
  softmax: x => nn.softmax(x, -1),
  chain: x => nn.relu(x.ref.mul(x.ref).add(x)).mul(0.5),
}

/** Forward, and backward from a gradient. */
function functionOf(task, tensors) {
  const f = functions[task.name]
  if (f === undefined) throw new Error(`${task.name} is not implemented for jax-js`)
  const [x, g] = [array(tensors.x), array(tensors.g)]
  const step = jax.jit((x, g) => {
    const [y, back] = jax.vjp(f, [x])
    y.dispose()
    return back(g)[0]
  })
  let gradient = null
  return {
    // jax-js computes lazily: without waiting nothing would run.
    run: async () => {
      gradient?.dispose()
      gradient = step(x.ref, g.ref)
      await jax.blockUntilReady(gradient)
    },
    finish: () => {},
    value: () => inner(gradient.ref.dataSync(), tensors.g),
    forget: () => {
      tree.dispose([gradient, x, g])
      step.dispose()
    },
  }
}

/** Operations a second of a linear layer's product. */
async function rate() {
  const [a, b] = [np.ones([128, 1024]), np.ones([1024, 1024])]
  let begin = 0
  for (let i = 0; i < 2; i++) {
    begin = performance.now()
    const product = np.matmul(a.ref, b.ref.transpose())
    await jax.blockUntilReady(product)
    product.dispose()
  }
  tree.dispose([a, b])
  return (2 * 128 * 1024 * 1024 * 1000) / (performance.now() - begin)
}

const manifest = new URL('../package.json', import.meta.resolve('@jax-js/jax'))

await serve({
  hello: () => ({ version: JSON.parse(readFileSync(manifest, 'utf8')).version, settings: ['wasm, jit'] }),
  rate,
  kinds: {
    mlp: training(mlpLoss, ({ layers }, { y0 }) => layerFlops(layers, y0.shape[0])),
    cnn: training(cnnLoss),
    recsys: training(recsysLoss),
    charGpt: training(charGptLoss),
    function: functionOf,
  },
})
