// Memory stays flat over many compiled steps; `npm run test:long` runs a million.

import { expect, test } from 'vitest'
import { backendsUnderTest } from '../support/backends.js'
import { runScript } from '../support/script.js'

interface Memory {
  readonly rss: number
  readonly native: number
}

interface Run {
  readonly backend: string
  readonly loss: number
  readonly early: Memory
  readonly late: Memory
}

// The reference backend takes 0.5 ms a step and has no native memory to leak.
test.runIf(backendsUnderTest.includes('native')).each(['sync', 'await'])('tiny steps, %s', async mode => {
  const { backend, loss, early, late } = await runScript<Run>('memory/compiled.mjs', [200_000, 100_000, mode])
  expect([backend, loss < 0.01]).toEqual(['native', true])
  expect(late.rss).toBeLessThan(1.02 * early.rss)
  // 10 bytes a step.
  expect(late.native).toBeLessThan(early.native + 1_000_000)
})
