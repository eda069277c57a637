// Makes the package that is published: a folder with bundled modules and declarations, prebuilds, the native sources and a
// manifest of its own, and of it the tarball. `npm run pack -- [FOLDER]` prints the tarball's path; `npm publish` takes it.

import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { bundleDeclarations, bundleModules } from './bundle.mjs'
import { publishedManifest, withAbsoluteAddresses } from './manifest.mjs'

const root = join(import.meta.dirname, '../..')
const require = createRequire(import.meta.url)

/** The headers that `blasgrad build` needs of development packages, with the licence of each: it works offline. */
function copyHeaders(folder) {
  for (const [name, ...parts] of [
    ['node-addon-api', '.'],
    ['node-api-headers', 'include', 'def'],
  ]) {
    const from = dirname(require.resolve(`${name}/package.json`))
    const licence = readdirSync(from).find(file => file.startsWith('LICENSE'))
    cpSync(join(from, licence), join(folder, `LICENSE-${name}`))
    for (const part of parts) {
      const files = readdirSync(join(from, part)).filter(file => /\.(?:h|def)$/.test(file))
      for (const file of files) cpSync(join(from, part, file), join(folder, file))
    }
  }
}

/** Writes the package to `folder`, which it empties first. */
export async function stage(folder) {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  await bundleModules(join(folder, 'dist'), manifest.version)
  await bundleDeclarations(join(folder, 'dist'))
  for (const path of manifest.files) {
    if (path !== 'dist' && existsSync(join(root, path)))
      cpSync(join(root, path), join(folder, path), { recursive: true })
  }
  rmSync(join(folder, 'native/gyp'), { recursive: true, force: true })
  copyHeaders(join(folder, 'native/include'))
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(publishedManifest(manifest), null, 2)}\n`)
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  writeFileSync(join(folder, 'README.md'), withAbsoluteAddresses(readme, manifest))
}

/** Packs `folder` as npm does, into its parent. Returns the tarball's path. */
export function pack(folder) {
  const parent = join(folder, '..')
  const args = ['pack', folder, '--pack-destination', parent, '--json', '--ignore-scripts']
  const { status, stdout, stderr } = spawnSync(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, {
    encoding: 'utf8',
    shell: process.platform === 'win32',
  })
  if (status !== 0) throw new Error(`npm pack: ${stderr}`)
  return join(parent, JSON.parse(stdout)[0].filename)
}

if (process.argv[1] === import.meta.filename) {
  const [folder = join(root, 'build/package')] = process.argv.slice(2)
  await stage(folder)
  console.log(pack(folder))
}
