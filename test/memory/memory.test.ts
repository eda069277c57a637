// Memory stays flat in a loop of eager steps, whether or not it yields to the event loop.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)
const loop = new URL('./loop.mjs', import.meta.url).pathname

// The reference backend runs a smaller network, since the full one would take an hour.
const onReference = process.env.BLASGRAD_BACKEND === 'reference'
const widths = onReference ? '32-32-32-10' : '784-512-512-10'

test.each([
  ['that never yields', 20_000, 'sync'],
  ['that yields', 4_000, 'async'],
])(
  'a loop %s',
  async (_, steps, mode) => {
    const { stdout } = await run(process.execPath, [loop, String(steps), widths, mode])
    const { backend, early, most } = JSON.parse(stdout)
    expect(backend).toBe(onReference ? 'reference' : 'native')
    expect(most).toBeLessThan(1.5 * early)
  },
  300_000,
)
