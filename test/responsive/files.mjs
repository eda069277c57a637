// Runs in a fresh process for responsive.test.ts and `npm run test:long`: reads a file repeatedly (on libuv's four threads),
// first alone, then while four loops of awaited steps train. Prints the median times in ms.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startTraining } from './training.mjs'

const [name, reads] = [process.argv[2], Number(process.argv[3])]
const folder = mkdtempSync(join(tmpdir(), 'reads-'))
const file = join(folder, 'file')
writeFileSync(file, Buffer.alloc(64 * 1024, 7))

async function timeReads() {
  const times = []
  for (let i = 0; i < reads; i++) {
    const begin = performance.now()
    await readFile(file)
    times.push(performance.now() - begin)
    await new Promise(resolve => setTimeout(resolve, 1))
  }
  times.sort((a, b) => a - b)
  return { median: times[reads >> 1], p90: times[Math.floor(reads * 0.9)] }
}

const trainings = Array.from({ length: 4 }, () => startTraining(name))
for (const { now } of trainings) now()
await timeReads()
const alone = await timeReads()
let [stopped, steps] = [false, 0]
const loops = trainings.map(async ({ later }) => {
  while (!stopped) {
    await later()
    steps++
  }
})
const beside = await timeReads()
stopped = true
await Promise.all(loops)
rmSync(folder, { recursive: true })
console.log(JSON.stringify({ alone, beside, steps }))
