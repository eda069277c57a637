// Run as a worker: asks the server at `port` again and again, a little apart, until it is told to stop or `most` answers
// are there. Posts how many there were and how long the slowest took, in ms.

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
