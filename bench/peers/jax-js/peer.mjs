// jax-js as a peer: whole steps in `jit`, on WebAssembly. usage: peer.mjs
//
// Passing an array to a function uses it up; `.ref` keeps it for another use.

import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { inner, layerFlops, serve } from '../serve.mjs'

// Node 20 has none, and jax-js asks it for the number of cores.
globalThis.navigator ??= { hardwareConcurrency: availableParallelism() }
const jax = await import('@jax-js/jax')
const { numpy: np, nn, tree } = jax
const manifest = new URL('../package.json', import.meta.resolve('@jax-js/jax'))

await jax.init('wasm')
jax.defaultDevice('wasm')

const array = ({ data, shape }) => np.array(data).reshape(shape)

/** The updates of optim.SGD and optim.Adam: [parameters, state] after a step. `powers`: β₁ᵗ and β₂ᵗ. */
const optimizers = {
  SGD: lr => ({
    state: [],
    update: (gradients, state, values) => [values.map((value, i) => value.sub(gradients[i].mul(lr))), state],
  }),
  Adam: (lr, parameters) => ({
    state: [
      parameters.map(({ shape }) => np.zeros(shape)),
      parameters.map(({ shape }) => np.zeros(shape)),
      [np.array(1), np.array(1)],
    ],
    update: (gradients, [means, squares, [power1, power2]], values) => {
      const [p1, p2] = [power1.mul(0.9), power2.mul(0.999)]
      const m = means.map((mean, i) => mean.mul(0.9).add(gradients[i].ref.mul(0.1)))
      const v = squares.map((square, i) => square.mul(0.999).add(gradients[i].ref.mul(gradients[i]).mul(0.001)))
      const next = values.map((value, i) => {
        const mean = m[i].ref.div(np.subtract(1, p1.ref))
        const root = np.sqrt(v[i].ref.div(np.subtract(1, p2.ref))).add(1e-8)
        return value.sub(mean.div(root).mul(lr))
      })
      return [next, [m, v, [p1, p2]]]
    },
  }),
}

/** A training: `loss` of (parameters, batch), batches in turn. */
function training(lossOf, first, batches, { optimizer, lr }, flops) {
  const { state: begin, update } = optimizers[optimizer](lr, first)
  const step = jax.jit((parameters, state, ...batch) => {
    const [loss, gradients] = jax.valueAndGrad(lossOf)(tree.ref(parameters), ...batch)
    return [loss, ...update(gradients, state, parameters)]
  })
  let [parameters, state, loss, steps] = [first, begin, null, 0]
  return {
    flops,
    run: async () => {
      const batch = batches[steps++ % batches.length]
      loss?.dispose()
      ;[loss, parameters, state] = step(parameters, state, ...batch.map(each => each.ref))
      await jax.blockUntilReady(loss)
    },
    finish: () => jax.blockUntilReady([loss, parameters, state]),
    value: () => loss.ref.dataSync()[0],
    forget: () => {
      tree.dispose([loss, parameters, state, batches])
      step.dispose()
    },
  }
}

function mlp(task, tensors) {
  const sizes = task.layers
  const layers = sizes.length - 1
  const classes = sizes[layers]
  const parameters = Array.from({ length: layers }, (_, i) =>
    ['weight', 'bias'].map(name => array(tensors[`${2 * i}.${name}`])),
  ).flat()
  const batches = Array.from({ length: task.batches }, (_, i) => [array(tensors[`x${i}`]), array(tensors[`y${i}`])])
  const batch = tensors.y0.shape[0]
  const lossOf = (values, x, y) => {
    let h = x
    for (let i = 0; i < layers; i++) {
      h = np.matmul(h, values[2 * i].transpose()).add(values[2 * i + 1])
      if (i < layers - 1) h = nn.relu(h)
    }
    return nn
      .logSoftmax(h, -1)
      .mul(nn.oneHot(y, classes))
      .sum()
      .mul(-1 / batch)
  }
  return training(lossOf, parameters, batches, task, layerFlops(sizes, batch))
}

const functions = {
  softmax: x => nn.softmax(x, -1),
  chain: x => nn.relu(x.ref.mul(x.ref).add(x)).mul(0.5),
}

/** Forward, and backward from a gradient. */
function functionOf(task, tensors) {
  const f = functions[task.name]
  if (f === undefined) throw new Error(`what ${task.name} needs is not written for it`)
  const [x, g] = [array(tensors.x), array(tensors.g)]
  const step = jax.jit((x, g) => {
    const [y, back] = jax.vjp(f, [x])
    y.dispose()
    return back(g)[0]
  })
  let gradient = null
  return {
    // What nobody waits for is never computed.
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

/** Operations a second of a layer's product. */
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

await serve({
  hello: () => ({ version: JSON.parse(readFileSync(manifest, 'utf8')).version, settings: ['wasm, jit'] }),
  rate,
  kinds: { mlp, function: functionOf },
})
