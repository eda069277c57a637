// Contestants on the two backends.

import { backendInfo, setBackend, setThreads } from 'blasgrad'
import type { Contestant } from './timing.js'

export const backendNames = ['native', 'reference'] as const
export type BackendName = (typeof backendNames)[number]

/** The threads that the native backend began with. */
export const allThreads = backendInfo().native?.threads ?? 1

/** Makes a backend the active one, on that many threads. */
export function use(backend: BackendName, threads = allThreads): void {
  setBackend(backend)
  setThreads(threads)
}

/** `run` on a backend that is made the active one before each sample. */
export const on = (name: BackendName, run: () => void): Contestant<BackendName> => ({
  name,
  run,
  prepare: () => use(name),
})
