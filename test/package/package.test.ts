// The published package: what is in it and what is not, and that its bundled modules are the library.

import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import * as backend from '../../lib/backend/index.js'
import * as blasgrad from '../../lib/index.js'
import { root, stagedPackage } from './staged.js'

const { folder } = stagedPackage()
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(file => file.replaceAll('\\', '/'))
const read = (path: string): string => readFileSync(join(folder, path), 'utf8')
const manifest = JSON.parse(read('package.json'))
const checkout = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** What `program` prints as JSON, run beside the node_modules that holds the package. */
function run(program: string, cwd = join(folder, '../..')): unknown {
  const env = { ...process.env, BLASGRAD_BACKEND: 'reference' }
  const args = ['--input-type=module', '--eval', program]
  return JSON.parse(execFileSync(process.execPath, args, { cwd, env, encoding: 'utf8' }))
}

test('no script, no development package, nothing that an installer acts on', () => {
  expect(manifest).toMatchObject({ name: 'blasgrad', version: checkout.version, exports: checkout.exports })
  for (const field of ['scripts', 'devDependencies', 'private', 'gypfile', 'binary', 'config']) {
    expect(manifest).not.toHaveProperty(field)
  }
  expect(files).not.toContain('binding.gyp')
  expect(Object.values(manifest.bin)).toEqual(['bin/blasgrad.mjs'])
  expect(files).toEqual(
    expect.arrayContaining(['README.md', 'LICENSE', 'CHANGELOG.md', 'CMakeLists.txt', 'bin/blasgrad.mjs']),
  )
})

test('few modules, each with a source map', () => {
  const modules = files.filter(file => file.startsWith('dist/') && file.endsWith('.js'))
  expect(modules.sort()).toEqual(['dist/backend/index.js', 'dist/index.js', 'dist/shared/blasgrad-backend.js'])
  const sources = ['dist/index.js.map', 'dist/shared/blasgrad-backend.js.map'].flatMap(
    file => JSON.parse(read(file)).sources,
  )
  expect(sources.some((path: string) => path.endsWith('lib/core/tensor.ts'))).toBe(true)
  expect(files.filter(file => file.endsWith('.d.ts')).sort()).toEqual([
    'dist/backend/index.d.ts',
    'dist/index.d.ts',
    'dist/shared/blasgrad-backend.d.ts',
  ])
})

test('every relative import of the modules and declarations names a file of the package', () => {
  for (const file of files.filter(each => /^dist\/.*\.(?:js|d\.ts)$/.test(each))) {
    for (const [, path] of read(file).matchAll(/^(?:import|export)\b.*\bfrom ["'](\.[^"']*)["']/gm)) {
      expect(files).toContain(join(file, '..', path).replaceAll('\\', '/'))
    }
    expect(read(file)).not.toMatch(/declare module|"\.[^"]*package\.json/)
  }
})

test('the version is a constant', () => {
  const alone = mkdtempSync(join(tmpdir(), 'blasgrad-dist-'))
  try {
    mkdirSync(join(alone, 'other'))
    cpSync(join(folder, 'dist'), join(alone, 'other/dist'), { recursive: true })
    writeFileSync(join(alone, 'other/package.json'), '{ "type": "module", "version": "9.9.9" }')
    const program = `import { version } from './other/dist/index.js'; console.log(JSON.stringify(version))`
    expect(run(program, alone)).toBe(checkout.version)
  } finally {
    rmSync(alone, { recursive: true })
  }
})

test('both entry points have one class', () => {
  const program = `
    import { ArgumentError } from 'blasgrad'
    import { ArgumentError as same } from 'blasgrad/backend'
    console.log(JSON.stringify(ArgumentError === same))`
  expect(run(program)).toBe(true)
})

test('the public names are the checkout’s', () => {
  const program = `
    import * as blasgrad from 'blasgrad'
    import * as backend from 'blasgrad/backend'
    console.log(JSON.stringify([Object.keys(blasgrad), Object.keys(backend)]))`
  const [ours, backends] = run(program) as string[][]
  expect(ours.sort()).toEqual(Object.keys(blasgrad).sort())
  expect(backends.sort()).toEqual(Object.keys(backend).sort())
})

test('class and function names survive', () => {
  const program = `
    import { nn, optim, Tensor, ShapeError } from 'blasgrad'
    console.log(JSON.stringify([nn.Linear.name, optim.Adam.name, Tensor.name, new ShapeError('x').name, String(new nn.ReLU())]))`
  expect(run(program)).toEqual(['Linear', 'Adam', 'Tensor', 'ShapeError', 'ReLU()'])
})

test('the README names its images by absolute addresses', () => {
  const addresses = [...read('README.md').matchAll(/\]\(([^)]*)\)/g)].map(([, address]) => address)
  expect(addresses.length).toBeGreaterThan(5)
  for (const address of addresses) expect(address).toMatch(/^(?:https:\/\/|#)/)
})
