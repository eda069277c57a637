// The contract of prebuilt addons for Linux: what they need of a system, what they export, their size.

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const program = join(root, 'scripts/prebuild/contract.mjs')
const inspect = (path: string): { faults: string[]; versions: Record<string, string> } =>
  JSON.parse(spawnSync(process.execPath, [program, path], { encoding: 'utf8' }).stdout)

const folder = join(root, 'prebuilds')
const built = join(root, 'build/Release/addon.node')
const prebuilt = (existsSync(folder) ? readdirSync(folder) : [])
  .filter(platform => platform.startsWith('linux-'))
  .flatMap(platform => readdirSync(join(folder, platform)).map(name => join(folder, platform, name)))
  .filter(path => path.endsWith('.glibc.node'))

if (prebuilt.length === 0) console.warn('prebuilds are not checked: none is here (npm run prebuild:linux makes one)')

describe.skipIf(process.platform !== 'linux')('a prebuilt addon for Linux', () => {
  test.skipIf(prebuilt.length === 0).each(prebuilt)('%s loads on old systems and is small', path => {
    expect(inspect(path).faults).toEqual([])
  })

  test.skipIf(!existsSync(built))('an addon for this system alone is told apart', () => {
    const { faults, versions } = inspect(built)
    expect(faults.join('\n')).toMatch(/^needs libopenblas\.so/m)
    expect(versions.GLIBC).toMatch(/^2\.\d+$/)
  })
})
