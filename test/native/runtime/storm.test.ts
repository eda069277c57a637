// Workers that are ended in the middle of whatever they do: eager work, compiled steps in place and apart, an epoch. The
// process lives, and the main thread computes right.

import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { runs } from '../../support/cases.js'

const library = JSON.stringify(new URL('../../../dist/index.js', import.meta.url).href)

const worker = `
import('node:worker_threads').then(({ parentPort }) =>
import(${library}).then(async ({ compile, data, nn, optim, randn, setThreads }) => {
  const net = new nn.Sequential(new nn.Linear(64, 300), new nn.ReLU(), new nn.Linear(300, 10))
  const optimizer = new optim.Adam(net.parameters())
  const loss = x => net.forward(x).pow(2).mean()
  const step = compile(x => { const l = loss(x); l.backward(); optimizer.step(); return l })
  const x = randn([256, 64])
  const loader = new data.DataLoader(new data.TensorDataset(x), { batchSize: 32 })
  parentPort.postMessage('ready')
  for (;;) {
    loss(x).backward()
    net.zeroGrad()
    step.sync(x)
    await Promise.all([step(x), step(x)])
    await step.epoch(loader)
  }
}).catch(error => parentPort.postMessage(error.message)))`

const storm = (rounds: number): string => `
import { Worker } from 'node:worker_threads'
import { randn } from ${library}
const a = randn([300, 300])
const expected = a.matmul(a).sum().item()
for (let round = 0; round < ${rounds}; round++) {
  const workers = Array.from({ length: 8 }, () => new Worker(${JSON.stringify(worker)}, { eval: true }))
  await Promise.all(workers.map(worker => new Promise((resolve, reject) => {
    worker.on('message', message => (message === 'ready' ? resolve() : reject(new Error(message))))
    worker.on('error', reject)
  })))
  // Each at another moment of its work.
  await Promise.all(workers.map(async (worker, i) => {
    await new Promise(resolve => setTimeout(resolve, (i * 7 + round * 3) % 40))
    await worker.terminate()
  }))
  if (a.matmul(a).sum().item() !== expected) throw new Error('another sum after round ' + round)
}
console.log('lives')`

// A round takes about a second on two cores.
test('8 workers ended in the middle leave the process alive', () => {
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', storm(runs(6, 200))], {
    encoding: 'utf8',
  })
  expect(child.stderr).toBe('')
  expect(child.signal).toBe(null)
  expect(child.stdout.trim()).toBe('lives')
})
