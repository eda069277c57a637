// A thread of the pool that is woken starts on another CPU than the one that its caller waits on: there the two would take
// turns, for tens of milliseconds, and be as slow as one.

import { setTimeout as pause } from 'node:timers/promises'
import { describe, test } from 'vitest'
import { loadNative } from '../../../lib/backend/load.js'
import { cpuOf, hasTwoThreads, ticksOf, workerAfter } from '../../support/pool-thread.js'

const wakes = 24
/** Long enough for a thread to fall asleep, in ms. */
const idle = 5

describe.runIf(hasTwoThreads)('the pool’s thread, woken', () => {
  test('is not on the CPU of its caller', async () => {
    const n = 256
    const [a, b, out] = [new Float32Array(n * n).fill(1), new Float32Array(n * n).fill(1), new Float32Array(n * n)]
    const { backend } = loadNative()
    const multiply = (): void => backend.matmul(false, false, n, n, n, 1, 1, 0, 0, 0, a, b, out)
    const worker = workerAfter(multiply)
    // Other work of the machine may move them: then more wakes are looked at. Called where they wait, they were apart once
    // in twenty times, and this would not end.
    for (let apart = 0; apart <= wakes / 2; ) {
      apart = 0
      for (let i = 0; i < wakes; i++) {
        await pause(idle)
        multiply()
        if (cpuOf(worker) !== cpuOf(String(process.pid))) apart++
      }
    }
  })

  test('is called to work that takes long, though it was thought short, if there is more of it', () => {
    // The cost model takes 2 MB, read and written, for 125 µs, too few for one call; they are half a millisecond and more.
    const n = 125_000
    const [a, out] = [new Float64Array(n).fill(0.5), new Float64Array(n)]
    const { backend } = loadNative()
    const gelu = (): void => backend.gelu(1, n, 0, a, out)
    const worker = workerAfter(gelu)
    const before = ticksOf(worker)
    // On a busy machine the thread gets its turn later.
    while (ticksOf(worker) - before <= 5) gelu()
  })
})
