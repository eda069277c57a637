// Runs in a fresh process for responsive.test.ts and `npm run test:long`: trains by awaited steps while it answers a worker's
// HTTP requests. Prints the event loop's delay in ms, the first call included, and the throughput of awaited steps relative
// to step.sync's, as medians of alternating rounds.

import { once } from 'node:events'
import { createServer } from 'node:http'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Worker } from 'node:worker_threads'
import { startTraining } from './training.mjs'

const [name, steps, rounds] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])]
const { later, now } = startTraining(name)

const server = createServer((_, response) => response.end('here')).listen(0, '127.0.0.1')
await once(server, 'listening')

/** Runs `fn` while the worker sends requests. */
async function asked(fn) {
  const workerData = { port: server.address().port, most: 2000, apart: 50 }
  const client = new Worker(new URL('./client.mjs', import.meta.url), { workerData })
  await once(client, 'online')
  const result = await fn()
  client.postMessage('stop')
  const [answered] = await once(client, 'message')
  return { result, ...answered }
}

/** ms per step. */
async function timed(fn) {
  const begin = performance.now()
  for (let i = 0; i < steps; i++) await fn()
  return (performance.now() - begin) / steps
}

const delay = monitorEventLoopDelay({ resolution: 1 })
const trained = await asked(async () => {
  delay.enable()
  for (let i = 0; i < steps * rounds; i++) await later()
  delay.disable()
})

const [awaited, inPlace] = [[], []]
for (let round = 0; round < rounds; round++) {
  awaited.push((await asked(() => timed(later))).result)
  inPlace.push(await timed(now))
}
server.close()

const median = values => values.toSorted((a, b) => a - b)[values.length >> 1]
const ratios = awaited.map((ms, i) => inPlace[i] / ms)
console.log(
  JSON.stringify({
    p99: delay.percentile(99) / 1e6,
    max: delay.max / 1e6,
    samples: delay.count,
    answers: trained.answers,
    slowest: trained.slowest,
    awaited: median(awaited),
    inPlace: median(inPlace),
    throughput: median(ratios),
    ratios,
  }),
)
