// Selects backends and threads for contestants.

import { backendInfo, setBackend, setThreads } from 'blasgrad'
import type { Contestant } from './timing.js'

export const backendNames = ['native', 'reference'] as const
export type BackendName = (typeof backendNames)[number]

/** The native backend's default thread count. */
export const allThreads = backendInfo().native?.threads ?? 1

/** Activates a backend on that many threads. */
export function use(backend: BackendName, threads = allThreads): void {
  setBackend(backend)
  setThreads(threads)
}

/** A contestant on a backend, which is activated before each sample. */
export const on = (name: BackendName, run: () => void): Contestant<BackendName> => ({
  name,
  run,
  prepare: () => use(name),
})
