// A process that trains a large network goes on answering requests and reading files. The bounds are wide, since other
// tests run concurrently; `npm run test:long` measures.

import { expect, test } from 'vitest'
import { backendsUnderTest } from '../support/backends.js'
import { runScript } from '../support/script.js'

// On the reference backend a step blocks the event loop.
const onNative = test.runIf(backendsUnderTest.includes('native'))

interface Served {
  readonly p99: number
  readonly max: number
  readonly answers: number
  readonly awaited: number
  readonly throughput: number
}

onNative('HTTP requests are answered while steps of a quarter of a second run', { timeout: 120_000 }, async () => {
  const served = await runScript<Served>('responsive/serve.mjs', ['large-mlp', 4, 1])
  const { p99, max, answers, awaited, throughput } = served
  expect(awaited).toBeGreaterThan(50)
  expect(p99, JSON.stringify(served)).toBeLessThan(awaited / 4)
  expect(max, JSON.stringify(served)).toBeLessThan(awaited)
  expect(answers).toBeGreaterThan(5)
  expect(throughput, JSON.stringify(served)).toBeGreaterThan(0.5)
})

interface Reads {
  readonly alone: { readonly median: number }
  readonly beside: { readonly median: number }
  readonly steps: number
}

onNative('files are read while four loops train, by the only thread of the pool', { timeout: 120_000 }, async () => {
  const args = ['medium-mlp', 300]
  const { alone, beside, steps } = await runScript<Reads>('responsive/files.mjs', args, { UV_THREADPOOL_SIZE: '1' })
  expect(steps).toBeGreaterThan(1)
  expect(beside.median).toBeLessThan(5 * alone.median + 1.5)
})

interface First {
  readonly deep: number
  readonly epoch: number
}

onNative('the event loop goes on while a long step is planned and many rows move', { timeout: 60_000 }, async () => {
  const first = await runScript<First>('responsive/first.mjs', [60, 60_000])
  expect(first.deep, JSON.stringify(first)).toBeLessThan(500)
  expect(first.epoch, JSON.stringify(first)).toBeLessThan(500)
})
