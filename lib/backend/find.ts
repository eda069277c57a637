// Where the addon may be: the file that BLASGRAD_ADDON names, else the build or a prebuild of this package. A bundler may
// have put this module into another file: then the package is looked for beside that file and in node_modules.

import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The file of this module. A bundle of CommonJS has no import.meta, but a file name. */
export const here = (): string => (import.meta.url ? fileURLToPath(import.meta.url) : __filename)

/** lib/backend/ and dist/backend/ in a checkout, dist/backend/ and dist/shared/ in a package: where nothing is bundled. */
const ownPath = /[\\/](?:lib|dist)[\\/](?:backend|shared)[\\/]\w+\.[jt]s$/

/** The folder of the package as that module would find it which is in `file`; undefined where it is not installed. */
function installedFor(file: string): string | undefined {
  try {
    return dirname(createRequire(file).resolve('blasgrad/package.json'))
  } catch {
    return undefined
  }
}

/** Folders that may hold prebuilds/ and build/. */
function packageFolders(file: string): readonly string[] {
  if (ownPath.test(file)) return [dirname(dirname(dirname(file)))]
  const installed = [installedFor(file), installedFor(join(process.cwd(), 'index.js'))]
  return [...new Set(installed.filter(folder => folder !== undefined))]
}

/** Prebuilds in that folder. prebuildify names the C library in the file, as in `blasgrad.glibc.node`: ours first. */
function prebuildsIn(folder: string): string[] {
  const names = existsSync(folder) ? readdirSync(folder).filter(name => /^blasgrad\..*node$/.test(name)) : []
  const ours = existsSync('/etc/alpine-release') ? '.musl.' : '.glibc.'
  const rank = (name: string): number => (name.includes(ours) ? 0 : 1)
  // The message of a load that fails names the folder.
  if (names.length === 0) names.push('blasgrad.node')
  return names.sort((a, b) => rank(a) - rank(b)).map(name => join(folder, name))
}

/** The files to try, in this order; not all of them exist. */
export function candidates(): readonly string[] {
  const named = process.env.BLASGRAD_ADDON
  if (named) return [resolve(named)]
  const file = here()
  const folders = packageFolders(file)
  const beside = ownPath.test(file) ? [] : [dirname(file)]
  const platform = `${process.platform}-${process.arch}`
  return [
    ...folders.map(folder => join(folder, 'build/Release/addon.node')),
    ...[...beside, ...folders].flatMap(folder => prebuildsIn(join(folder, 'prebuilds', platform))),
  ]
}
