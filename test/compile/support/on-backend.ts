// A test for each backend, run on it, and the small network that these tests train.

import { test } from 'vitest'
import type { BackendName } from '../../../lib/backend/select.js'
import { context } from '../../../lib/core/context.js'
import { manualSeed, nn, setBackend, type Tensor, tensor } from '../../../lib/index.js'

/** Declares tests that run on `backend`. */
export const testsOn =
  (backend: BackendName) =>
  (name: string, run: () => void | Promise<void>): void =>
    test(name, async () => {
      const before = context.active
      setBackend(backend)
      try {
        await run()
      } finally {
        context.active = before
      }
    })

export const x = [
  [1, 2],
  [3, -4],
  [0.5, 1],
]

export const ids = (): Tensor => tensor(Int32Array.of(0, 1, 1))

export function network(seed = 1) {
  manualSeed(seed)
  return new nn.Sequential(new nn.Linear(2, 8), new nn.ReLU(), new nn.Linear(8, 2))
}
