// Runs in a fresh process for memory.test.ts: an eager training loop that never yields, without tidy or dispose. Prints the
// resident memory after 500 steps and its peak from there on.

import { backendInfo, manualSeed, nn, optim, randn, tensor } from 'blasgrad'

const steps = Number(process.argv[2])
const widths = process.argv[3].split('-').map(Number)
const yields = process.argv[4] === 'async'
const batch = 32

manualSeed(1)
const layers = widths.slice(1).flatMap((width, i) => [new nn.Linear(widths[i], width), new nn.ReLU()])
const model = new nn.Sequential(...layers.slice(0, -1))
const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 })
const x = randn([batch, widths[0]])
const y = tensor(Int32Array.from({ length: batch }, (_, i) => i % widths[widths.length - 1]))

let early = 0
let most = 0
for (let step = 1; step <= steps; step++) {
  optimizer.zeroGrad()
  const loss = nn.functional.crossEntropy(model.forward(x), y)
  loss.backward()
  optimizer.step()
  if (yields && step % 10 === 0) await new Promise(resolve => setImmediate(resolve))
  if (step === 500) early = process.memoryUsage.rss()
  if (step > 500 && step % 100 === 0) most = Math.max(most, process.memoryUsage.rss())
}
console.log(JSON.stringify({ backend: backendInfo().backend, early, most }))
