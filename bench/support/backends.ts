// Contestants on the two backends.

import { setBackend } from 'blasgrad'
import type { Contestant } from './timing.js'

export const backendNames = ['native', 'reference'] as const
export type BackendName = (typeof backendNames)[number]

/** `run` on a backend that is made the active one before each sample. */
export const on = (name: BackendName, run: () => void): Contestant<BackendName> => ({
  name,
  run,
  prepare: () => setBackend(name),
})
