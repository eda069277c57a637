// The peers' files are found from the sources and from the build, which repeats the sources' folders.

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fromRoot } from '../../bench/peers/peer-files.js'

const root = join(import.meta.dirname, '../..')

test('from the sources', () => {
  expect(fromRoot('bench/peers/sgemm.c')).toBe(join(root, 'bench/peers/sgemm.c'))
})

test('from the build', () => {
  const module = join(root, 'build/bench/peers/peer-files.js')
  const script = `import { peerSource } from ${JSON.stringify(module)}; process.stdout.write(peerSource('sgemm.c'))`
  const found = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  expect(found).toBe(join(root, 'bench/peers/sgemm.c'))
})
