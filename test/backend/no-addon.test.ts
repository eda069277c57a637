// Without an addon on disk: one warning that says why and what to do, and everything works on the reference backend.

import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { backendsUnderTest } from '../support/backends.js'

function run(program: string, env: Record<string, string>): { stdout: string; stderr: string; status: number | null } {
  return spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: new URL('../..', import.meta.url),
    encoding: 'utf8',
    env: { ...process.env, BLASGRAD_BACKEND: '', BLASGRAD_ADDON: '/nowhere/addon.node', ...env },
  })
}

const trains = `
  import { backendInfo, Tensor, getBackend } from 'blasgrad'
  const w = new Tensor([1, 2, 3])
  w.mul(w).sum().backward()
  w.exp()
  const { reason } = backendInfo()
  console.log(JSON.stringify({ gradient: w.grad.toArray(), backend: getBackend(), reason }))
`

test('it warns once and trains', () => {
  const { stdout, stderr, status } = run(trains, {})
  expect(status).toBe(0)
  const { gradient, backend, reason } = JSON.parse(stdout)
  expect(gradient).toEqual([2, 4, 6])
  expect(backend).toBe('reference')
  expect(reason).toContain('/nowhere/addon.node')
  expect(stderr.match(/BLASGRAD_NO_NATIVE/g)).toHaveLength(1)
  expect(stderr).toContain('npx blasgrad doctor')
})

test('no warning where the reference backend is requested', () => {
  expect(run(trains, { BLASGRAD_BACKEND: 'reference' }).stderr).toBe('')
})

test('asking for native throws, with the reason', () => {
  const asks = `
    import { setBackend } from 'blasgrad'
    try { setBackend('native') } catch (error) { console.log(error.name, error.code, error.message.includes('/nowhere')) }
  `
  expect(run(asks, {}).stdout.trim()).toBe('BackendError BACKEND true')
  expect(run(trains, { BLASGRAD_BACKEND: 'native' }).status).not.toBe(0)
})

test.runIf(backendsUnderTest.includes('native'))(
  'a number of threads that is none is told, and the addon is not used',
  () => {
    for (const threads of ['x', '0', '-1', '1.5', '2x', ' ']) {
      const { stdout, stderr, status } = run(trains, { BLASGRAD_ADDON: '', BLASGRAD_THREADS: threads })
      const message = `BLASGRAD_THREADS: expected an integer from 1, got ${threads}`
      expect([status, JSON.parse(stdout).backend]).toEqual([0, 'reference'])
      expect(JSON.parse(stdout).reason).toContain(message)
      expect(stderr).toContain(message)
    }
    for (const threads of ['', '1', '2']) {
      const { stdout } = run(trains, { BLASGRAD_ADDON: '', BLASGRAD_THREADS: threads })
      expect(JSON.parse(stdout)).toMatchObject({ backend: 'native', reason: null })
    }
  },
)

test('require() gives the same library', () => {
  const requires = `
    import { createRequire } from 'node:module'
    import { Tensor } from 'blasgrad'
    console.log(createRequire(process.cwd() + '/x.js')('blasgrad').Tensor === Tensor)
  `
  expect(run(requires, { BLASGRAD_BACKEND: 'reference' }).stdout.trim()).toBe('true')
})
