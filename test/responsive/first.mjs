// Runs in a fresh process for responsive.test.ts and `npm run test:long`: prints the event loop's longest delay, in ms,
// while a step of `layers` layers is recorded, planned and first run (`deep`; `recording` is the call itself), and while
// the first epoch runs over `rows` rows of 784 numbers (`epoch`).

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { compile, data, manualSeed, nn, optim, randn, Tensor, tensor } from 'blasgrad'

const [layers, rows] = [Number(process.argv[2]), Number(process.argv[3])]
const wait = ms => new Promise(resolve => setTimeout(resolve, ms))
manualSeed(1)

function trainingOf(model) {
  const optimizer = new optim.Adam(model.parameters())
  return compile((x, y) => {
    optimizer.zeroGrad()
    const loss = nn.functional.crossEntropy(model.forward(x), y)
    loss.backward()
    optimizer.step()
    return loss
  })
}

const classes = count => tensor(Int32Array.from({ length: count }, (_, i) => i % 10))

/** The longest delay while `fn` runs. */
async function delayOf(fn) {
  await wait(50)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  await wait(10)
  await fn()
  await wait(10)
  delay.disable()
  return delay.max / 1e6
}

const deep = Array.from({ length: layers }, () => [new nn.Linear(32, 32), new nn.LayerNorm(32), new nn.GELU()]).flat()
const stepDeep = trainingOf(new nn.Sequential(...deep, new nn.Linear(32, 10)))
const [x, y] = [randn([16, 32]), classes(16)]
let recording = 0
const deepDelay = await delayOf(async () => {
  const begin = performance.now()
  const first = stepDeep(x, y)
  recording = performance.now() - begin
  await first
})

const pixels = new Tensor(new Float32Array(rows * 784).fill(0.5), { requiresGrad: false }).reshape([rows, 784])
const loader = new data.DataLoader(new data.TensorDataset(pixels, classes(rows)), { batchSize: 100, shuffle: true })
const step = trainingOf(new nn.Sequential(new nn.Linear(784, 128), new nn.ReLU(), new nn.Linear(128, 10)))
const epoch = await delayOf(() => step.epoch(loader))
console.log(JSON.stringify({ deep: deepDelay, recording, epoch }))
