// How the tests run: every *.test.ts under test/, in worker processes of their own.

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** A sanitizer's library has to be in a process before anything else; the runner itself is not what is looked at. */
const { BLASGRAD_PRELOAD: preload } = process.env

/** The Node.js of the tests' processes, where it is not this one: that of another platform (scripts/prebuild/test.mjs). */
if (process.env.BLASGRAD_TEST_NODE) process.execPath = process.env.BLASGRAD_TEST_NODE

/**
 * Where the checkout's addon cannot be loaded, what needs it is left out, and that is said. In CI, and where
 * BLASGRAD_BACKEND or BLASGRAD_ADDON says what to test, nothing is left out: the tests fail. (An addon with a sanitizer
 * cannot be loaded here, but in the processes of the tests.)
 */
function withoutAddon(): Record<string, string> {
  const { BLASGRAD_ADDON, BLASGRAD_BACKEND, CI } = process.env
  if (CI === 'true' || BLASGRAD_BACKEND || BLASGRAD_ADDON) return {}
  const addon = fileURLToPath(new URL('build/Release/addon.node', import.meta.url))
  const { status } = spawnSync(process.execPath, ['--eval', `require(${JSON.stringify(addon)})`], { stdio: 'ignore' })
  if (status === 0) return {}
  console.warn('The addon does not load: the tests run on the reference backend; what needs the addon is left out.')
  return { BLASGRAD_BACKEND: 'reference' }
}

export default defineConfig({
  test: {
    env: { ...(preload === undefined ? {} : { LD_PRELOAD: preload }), ...withoutAddon() },
    include: ['test/**/*.test.ts'],
    setupFiles: process.env.BLASGRAD_TEST_NODE ? ['test/support/test-node.ts'] : [],
    pool: 'forks',
    // What hangs is ended; what is slow on a busy machine is not.
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
})
