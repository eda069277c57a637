// The pool's own thread as Linux sees it: which it is, where it ran last, and for how long it has run.

import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { expect } from 'vitest'
import { setThreads } from '../../lib/core/backend-control.js'

/** Whether a thread beside the caller's can be watched here. */
export const hasTwoThreads =
  process.platform === 'linux' && availableParallelism() > 1 && process.env.BLASGRAD_BACKEND !== 'reference'

const tasks = '/proc/self/task'
const threadsNow = (): readonly string[] => readdirSync(tasks)

/** A number of a thread's line, counted from behind the name, which may hold blanks. */
function fieldOf(thread: string, field: number): number {
  const line = readFileSync(`${tasks}/${thread}/stat`, 'utf8')
  return Number(line.slice(line.lastIndexOf(')') + 2).split(' ')[field - 3])
}

/** The CPU that it ran on last. */
export const cpuOf = (thread: string): number => fieldOf(thread, 39)
/** What it has run, in hundredths of a second. */
export const ticksOf = (thread: string): number => fieldOf(thread, 14) + fieldOf(thread, 15)

/** The pool's one thread beside ours, new. */
export function workerAfter(work: () => void): string {
  setThreads(1)
  const before = threadsNow()
  setThreads(2)
  work()
  const [worker, ...more] = threadsNow().filter(thread => !before.includes(thread))
  expect(more).toEqual([])
  return worker
}
