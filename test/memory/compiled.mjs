// Runs in a fresh process for compiled.test.ts and `npm run test:long`: repeats a compiled step of tiny-mlp (2-16-16-2,
// ReLU, batch 100, SGD). Prints resident memory and native heap after `settled` steps, then the peak of the former and
// the final size of the latter.

import { readFileSync } from 'node:fs'
import { backendInfo, compile, manualSeed, nn, optim, randn } from 'blasgrad'

const steps = Number(process.argv[2])
const settled = Number(process.argv[3])
const mode = process.argv[4]

manualSeed(1)
const layers = [new nn.Linear(2, 16), new nn.ReLU(), new nn.Linear(16, 16), new nn.ReLU(), new nn.Linear(16, 2)]
const model = new nn.Sequential(...layers)
const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 })
const step = compile((x, y) => {
  optimizer.zeroGrad()
  const loss = nn.functional.crossEntropy(model.forward(x), y)
  loss.backward()
  optimizer.step()
  return loss
})
const x = randn([100, 2])
const y = x.mul(x).sum(1).less(1).to('int32')

/** The resident part of malloc's heap (brk), in bytes; 0 where the system does not report it. */
function nativeHeap() {
  let maps = ''
  try {
    maps = readFileSync('/proc/self/smaps', 'latin1')
  } catch {}
  return 1024 * Number(/\[heap\]\n(?:.*\n)*?Rss: +(\d+)/.exec(maps)?.[1] ?? 0)
}

// Reading the maps leaves garbage in the JavaScript heap, so they are read only at the start and the end.
let early = { rss: 0, native: 0 }
let most = 0
let loss
for (let i = 1; i <= steps; i++) {
  loss = mode === 'await' ? await step(x, y) : step.sync(x, y)
  if (i === settled) {
    nativeHeap()
    early = { native: nativeHeap(), rss: process.memoryUsage.rss() }
  }
  if (i > settled && i % 1000 === 0) most = Math.max(most, process.memoryUsage.rss())
}
const late = { native: nativeHeap(), rss: most }
console.log(JSON.stringify({ backend: backendInfo().backend, loss: loss.item(), early, late }))
