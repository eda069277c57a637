// How the tests run: every *.test.ts under test/, in worker processes of their own.

import { defineConfig } from 'vitest/config'

/** A sanitizer's library has to be in a process before anything else; the runner itself is not what is looked at. */
const { BLASGRAD_PRELOAD: preload } = process.env

export default defineConfig({
  test: {
    env: preload === undefined ? {} : { LD_PRELOAD: preload },
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
