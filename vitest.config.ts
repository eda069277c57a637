// How the tests run: every *.test.ts under test/, in worker processes of their own.

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** A sanitizer's library has to be in a process before anything else; the runner itself is not what is looked at. */
const { BLASGRAD_PRELOAD: preload } = process.env

/**
 * Where the addon cannot be loaded, what needs it is left out, and that is said. In CI, and where BLASGRAD_BACKEND says what
 * to test, nothing is left out in silence: the tests fail.
 */
function withoutAddon(): Record<string, string> {
  if (process.env.CI === 'true' || process.env.BLASGRAD_BACKEND) return {}
  const addon = process.env.BLASGRAD_ADDON ?? fileURLToPath(new URL('build/Release/addon.node', import.meta.url))
  const { status } = spawnSync(process.execPath, ['--eval', `require(${JSON.stringify(addon)})`], { stdio: 'ignore' })
  if (status === 0) return {}
  console.warn('The addon does not load: the tests run on the reference backend; what needs the addon is left out.')
  return { BLASGRAD_BACKEND: 'reference' }
}

export default defineConfig({
  test: {
    env: { ...(preload === undefined ? {} : { LD_PRELOAD: preload }), ...withoutAddon() },
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // What hangs is ended; what is slow on a busy machine is not.
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
})
