// A thread of the pool that is woken starts on another CPU than the one that its caller waits on: there the two would take
// turns, for tens of milliseconds, and be as slow as one.

import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { loadNative } from '../../lib/backend/load.js'
import { setThreads } from '../../lib/backend-control.js'

const hasTwo =
  process.platform === 'linux' && availableParallelism() > 1 && process.env.BLASGRAD_BACKEND !== 'reference'
const tasks = '/proc/self/task'
const wakes = 24
/** Long enough for a thread to fall asleep, in ms. */
const idle = 5

const threadsNow = (): readonly string[] => readdirSync(tasks)

/** A number of a thread's line, counted from behind the name, which may hold blanks. */
function fieldOf(thread: string, field: number): number {
  const line = readFileSync(`${tasks}/${thread}/stat`, 'utf8')
  return Number(line.slice(line.lastIndexOf(')') + 2).split(' ')[field - 3])
}

/** The CPU that it ran on last. */
const cpuOf = (thread: string): number => fieldOf(thread, 39)
/** What it has run, in hundredths of a second. */
const ticksOf = (thread: string): number => fieldOf(thread, 14) + fieldOf(thread, 15)

/** The pool's one thread beside ours, new. */
function workerAfter(work: () => void): string {
  setThreads(1)
  const before = threadsNow()
  setThreads(2)
  work()
  const [worker, ...more] = threadsNow().filter(thread => !before.includes(thread))
  expect(more).toEqual([])
  return worker
}

describe.runIf(hasTwo)('the pool’s thread, woken', () => {
  test('is not on the CPU of its caller', async () => {
    const n = 256
    const [a, b, out] = [new Float32Array(n * n).fill(1), new Float32Array(n * n).fill(1), new Float32Array(n * n)]
    const { backend } = loadNative()
    const multiply = (): void => backend.matmul(false, false, n, n, n, 1, 1, 0, 0, 0, a, b, out)
    const worker = workerAfter(multiply)
    let apart = 0
    for (let i = 0; i < wakes; i++) {
      await pause(idle)
      multiply()
      if (cpuOf(worker) !== cpuOf(String(process.pid))) apart++
    }
    // Other work of the machine may move them; called where they wait, they were apart once in twenty times.
    expect(apart).toBeGreaterThan(wakes / 2)
  })

  test('is called to work that takes long, though it was thought short, if there is more of it', () => {
    // 500,000 numbers read and written are thought to be 125 µs, too few for one call; they are a millisecond and more.
    const n = 250_000
    const [a, out] = [new Float64Array(n).fill(0.5), new Float64Array(n)]
    const { backend } = loadNative()
    const gelu = (): void => backend.gelu(1, n, 0, a, out)
    const worker = workerAfter(gelu)
    const before = ticksOf(worker)
    for (const end = performance.now() + 500; performance.now() < end; ) gelu()
    expect(ticksOf(worker) - before).toBeGreaterThan(5)
  })
})
