// `blasgrad build` and `blasgrad doctor` in an installed package. CMake is played by a script that notes its arguments.

import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { backendsUnderTest } from '../support/backends.js'
import { root, stagedPackage } from './staged.js'

const { folder } = stagedPackage()
const tools = join(folder, '../tools')

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'bin/blasgrad.mjs'), ...args], {
    encoding: 'utf8',
    cwd: join(folder, '../..'),
    env: { ...process.env, BLASGRAD_BACKEND: '', BLASGRAD_ADDON: '', ...env },
  })
  return { status, stdout, stderr }
}

/** A folder for PATH with these programs, and those that scripts need; what each does is a line of sh. */
function pathWith(name: string, programs: Readonly<Record<string, string>>): string {
  const path = join(tools, name)
  mkdirSync(path, { recursive: true })
  symlinkSync('/bin/sh', join(path, 'sh'))
  for (const [program, line] of Object.entries(programs)) {
    writeFileSync(join(path, program), `#!/bin/sh\n${line}\n`)
    chmodSync(join(path, program), 0o755)
  }
  return path
}

test('usage: asked for on stdout, with a mistake on stderr and exit code 2', () => {
  const help = run(['--help'])
  expect([help.status, help.stderr]).toEqual([0, ''])
  for (const command of ['build', 'doctor']) expect(help.stdout).toContain(`  ${command} `)
  for (const args of [[], ['frobnicate'], ['build', 'doctor'], ['doctor', '--fast'], ['toString']]) {
    const { status, stdout, stderr } = run(args)
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toContain('Usage: npx blasgrad COMMAND')
  }
})

test('doctor says what was tried, why it failed, what the CPU offers, and one command', () => {
  const { status, stdout } = run(['doctor'], { BLASGRAD_ADDON: '/nowhere/addon.node' })
  expect(status).toBe(1)
  expect(stdout).toContain('/nowhere/addon.node: no such file')
  expect(stdout).toMatch(/^CPU +\S.*: (?:AVX-512|AVX2|SSE4|NEON|none|not known)/m)
  expect(stdout.match(/What helps: .*/g)).toEqual(['What helps: unset BLASGRAD_ADDON    # it is /nowhere/addon.node'])
})

test('doctor advises to build where no file loads', () => {
  const addon = join(folder, 'build/Release/addon.node')
  mkdirSync(join(folder, 'build/Release'), { recursive: true })
  writeFileSync(addon, 'no addon')
  const { status, stdout } = run(['doctor'], { BLASGRAD_THREADS: '0' })
  expect([status, stdout.includes('unset BLASGRAD_THREADS')]).toEqual([1, true])
  // A prebuild, where the checkout has one, is loaded in its place.
  if (existsSync(join(folder, 'prebuilds'))) return
  const { stdout: text } = run(['doctor'])
  expect(text).toContain(`${addon}: `)
  expect(text).toContain('What helps: npx blasgrad build')
})

test.runIf(backendsUnderTest.includes('native'))('doctor names the addon that loads, and what switches it off', () => {
  const addon = process.env.BLASGRAD_ADDON || join(root, 'build/Release/addon.node')
  const { status, stdout } = run(['doctor'], { BLASGRAD_ADDON: addon })
  expect([status, stdout.includes(addon), stdout.includes('Nothing to do')]).toEqual([0, true, true])
  const off = run(['doctor'], { BLASGRAD_ADDON: addon, BLASGRAD_BACKEND: 'reference' })
  expect([off.status, off.stdout.includes('unset BLASGRAD_BACKEND')]).toEqual([1, true])
})

test('build names the tools that are missing', () => {
  const { status, stderr } = run(['build'], { PATH: pathWith('none', {}), CXX: '' })
  expect(status).toBe(1)
  expect(stderr).toContain('cmake, a C++ compiler, make or ninja: not found in PATH')
})

const nothing = { 'c++': 'exit 0', make: 'exit 0' }

test('build says with one command how to get what CMake does not find', () => {
  const path = pathWith('bare', {
    ...nothing,
    'apt-get': 'exit 0',
    cmake: 'echo "  OpenBLAS (cblas.h and its library) was not found.  It comes with" >&2; exit 1',
  })
  const { status, stderr } = run(['build'], { PATH: path })
  expect(status).toBe(1)
  expect(stderr).toContain('OpenBLAS (cblas.h and its library) was not found')
  expect(stderr).toMatch(/To install what is needed: .*apt-get update && .*apt-get install .*cmake.*libopenblas-dev/)
})

test('build gives CMake headers that the package has, and every core', () => {
  const log = join(tools, 'log')
  const path = pathWith('whole', { ...nothing, cmake: `for each; do echo "$each" >> '${log}'; done` })
  expect(run(['build'], { PATH: path }).status).toBe(0)
  const args = readFileSync(log, 'utf8').split('\n')
  const includes = args.find(arg => arg.startsWith('-DCMAKE_JS_INC='))?.slice('-DCMAKE_JS_INC='.length) ?? ''
  expect(includes.startsWith(folder)).toBe(true)
  for (const header of ['napi.h', 'napi-inl.h', 'node_api.h', 'js_native_api.h', 'LICENSE-node-addon-api']) {
    expect(existsSync(join(includes, header))).toBe(true)
  }
  expect(args).toContain('-DBLASGRAD_TARGETS=native')
  expect(args[args.indexOf('--parallel') + 1]).toBe(String(availableParallelism()))
  expect(args[args.indexOf('-S') + 1]).toBe(`${folder}/`)
})

test('build shows the end of what a failing compiler prints', () => {
  const path = pathWith('failing', {
    ...nothing,
    cmake: 'if [ "$1" = --build ]; then echo "error: no such header"; exit 2; fi',
  })
  const { status, stderr } = run(['build'], { PATH: path })
  expect([status, stderr.includes('error: no such header')]).toEqual([1, true])
})
