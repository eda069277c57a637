// A process or worker may end in the middle of a step: at once, and without a crash.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { backendsUnderTest } from '../support/backends.js'

const script = fileURLToPath(new URL('./teardown.mjs', import.meta.url))

interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

function run(mode: string): Promise<Ended> {
  return new Promise(resolve => {
    const child = spawn(process.execPath, [script, mode])
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', chunk => {
      stdout += chunk
    })
    child.stderr.on('data', chunk => {
      stderr += chunk
    })
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
}

// Only the native backend has a thread. A step that is not ended takes some minutes.
test.runIf(backendsUnderTest.includes('native')).each([
  ['finishes', 0, 'over\nover\n'],
  ['exits', 3, ''],
  ['exitsAtOnce', 3, ''],
  ['throws', 1, ''],
  ['terminates', 0, ''],
  ['terminatesBesideItsOwn', 0, 'over\nover\n'],
  ['exitsBesideAWorker', 3, ''],
  ['workerExits', 3, ''],
  ['exitsInAnEpoch', 3, ''],
  ['exitsInAnEpochOfQuickBatches', 3, ''],
  ['throwsInAnEpoch', 1, ''],
  ['terminatesInAnEpoch', 0, ''],
  ['terminatesWhileProgramsAreMade', 0, ''],
])('%s', { timeout: 100_000 }, async (mode, code, stdout) => {
  const ended = await run(mode)
  expect(ended).toMatchObject({ code, signal: null, stdout })
  if (!mode.startsWith('throws')) expect(ended.stderr).toBe('')
})
