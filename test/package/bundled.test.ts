// The published package inside a bundle: it finds the addon in node_modules or beside the bundle, and without one it runs on
// the reference backend and says so. `npm run release:check` does the same with other bundlers.

import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { expect, test } from 'vitest'
import { backendsUnderTest } from '../support/backends.js'
import { root, stagedPackage } from './staged.js'

const { folder } = stagedPackage()
const project = join(folder, '../..')
const platform = `${process.platform}-${process.arch}`
const prebuilds = join(folder, 'prebuilds')
rmSync(prebuilds, { recursive: true, force: true })

const program = `
  import { backendInfo, ShapeError, Tensor } from 'blasgrad'
  import { ArgumentError } from 'blasgrad/backend'
  const w = new Tensor([1, 2, 3])
  w.mul(w).sum().backward()
  const { backend, reason } = backendInfo()
  console.log(JSON.stringify({ backend, reason, grad: w.grad.toArray(), one: ShapeError.prototype.__proto__ === ArgumentError.prototype.__proto__ }))`
writeFileSync(join(project, 'app.mjs'), program)

async function bundle(format: 'esm' | 'cjs', file: string): Promise<void> {
  const built = await rolldown({ input: join(project, 'app.mjs'), platform: 'node', logLevel: 'silent' })
  await built.write({ file, format })
  await built.close()
}

function run(file: string) {
  const env = { ...process.env, BLASGRAD_BACKEND: '', BLASGRAD_ADDON: '' }
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], {
    env,
    cwd: join(file, '..'),
    encoding: 'utf8',
  })
  return { status, stderr, printed: JSON.parse(stdout) }
}

/** The addon under test as the prebuild of this platform. */
function addPrebuild(to: string): void {
  mkdirSync(join(to, platform), { recursive: true })
  copyFileSync(
    process.env.BLASGRAD_ADDON || join(root, 'build/Release/addon.node'),
    join(to, platform, 'blasgrad.node'),
  )
}

const formats = [
  ['esm', 'mjs'],
  ['cjs', 'cjs'],
] as const

test.each(formats)('%s without an addon trains, and warns with advice', async (format, extension) => {
  const file = join(project, '..', `alone-${format}`, `app.${extension}`)
  await bundle(format, file)
  const { status, stderr, printed } = run(file)
  expect([status, printed.backend, printed.grad, printed.one]).toEqual([0, 'reference', [2, 4, 6], true])
  expect(stderr).toContain(join(file, '..', 'prebuilds', platform))
  expect(stderr).toContain('npx blasgrad doctor')
  rmSync(join(file, '..'), { recursive: true })
})

test.runIf(backendsUnderTest.includes('native')).each(formats)('%s finds the addon', async (format, extension) => {
  addPrebuild(prebuilds)
  const inside = join(project, 'out', `app.${extension}`)
  await bundle(format, inside)
  expect(run(inside)).toMatchObject({ stderr: '', printed: { backend: 'native', grad: [2, 4, 6] } })
  const alone = join(project, '..', `beside-${format}`)
  mkdirSync(alone)
  cpSync(inside, join(alone, `app.${extension}`))
  cpSync(prebuilds, join(alone, 'prebuilds'), { recursive: true })
  expect(run(join(alone, `app.${extension}`))).toMatchObject({ stderr: '', printed: { backend: 'native' } })
  rmSync(alone, { recursive: true })
  rmSync(prebuilds, { recursive: true })
})

test.runIf(backendsUnderTest.includes('native'))('the package itself takes its prebuild', () => {
  addPrebuild(prebuilds)
  const args = ['--input-type=module', '--eval', program]
  const env = { ...process.env, BLASGRAD_BACKEND: '', BLASGRAD_ADDON: '' }
  const { backend } = JSON.parse(execFileSync(process.execPath, args, { cwd: project, env, encoding: 'utf8' }))
  expect(backend).toBe('native')
  rmSync(prebuilds, { recursive: true })
})
