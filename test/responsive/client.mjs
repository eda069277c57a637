// Runs in a worker thread: sends requests to the server at `port`, with short pauses, until a message stops it or `most`
// answers have come. Posts the number of answers and the slowest one's time in ms.

import { get } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'

const { port, most, apart } = workerData
let stopped = false
parentPort.on('message', () => {
  stopped = true
})

const ask = () =>
  new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, agent: false }, response => {
      response.resume().on('end', () => resolve(response.statusCode))
    }).on('error', reject)
  })

let [answers, slowest] = [0, 0]
while (!stopped && answers < most) {
  const begin = performance.now()
  if ((await ask()) !== 200) throw new Error('client: expected an answer')
  slowest = Math.max(slowest, performance.now() - begin)
  answers++
  await wait(apart)
}
parentPort.postMessage({ answers, slowest })
parentPort.close()
