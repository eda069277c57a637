// Where the addon may be: the file that BLASGRAD_ADDON names, else the build or a prebuild of this package. A bundler may
// have put this module into another file: then the package is looked for beside that file and in node_modules.

import { existsSync, readdirSync } from 'node:fs'
import nodeModule from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The file of this module. A bundle of CommonJS has no import.meta, but a file name. */
export const here = (): string => (import.meta.url ? fileURLToPath(import.meta.url) : __filename)

/** `require` of that file. Not imported by name: webpack replaces what is, and takes the addon for a missing module. */
export const requireFrom = (file: string): NodeJS.Require => nodeModule.createRequire(file)

/** This module in a checkout, and the module that it becomes a part of in a package: where no other bundler moved it. */
const ownPath = /[\\/](?:(?:lib|dist)[\\/]backend[\\/]find\.[jt]s|dist[\\/]shared[\\/]blasgrad-backend\.js)$/

/** The folders of the packages that modules in these files would import; none where it is not installed. */
function installedFor(...files: readonly string[]): readonly string[] {
  const folders = new Set<string>()
  for (const file of files) {
    try {
      folders.add(dirname(requireFrom(file).resolve('blasgrad/package.json')))
    } catch {}
  }
  return [...folders]
}

/** Whether the package has prebuilds. In one expression, which @vercel/nft reads: it copies what is in the folder. */
const hasPrebuilds = (): boolean => existsSync(join(dirname(fileURLToPath(import.meta.url)), '../../prebuilds'))

/** Prebuilds in that folder. prebuildify names the C library in the file, as in `blasgrad.glibc.node`: ours first. */
function prebuildsIn(folder: string): string[] {
  const names = existsSync(folder) ? readdirSync(folder).filter(name => /^blasgrad\..*node$/.test(name)) : []
  const ours = existsSync('/etc/alpine-release') ? '.musl.' : '.glibc.'
  const rank = (name: string): number => (name.includes(ours) ? 0 : 1)
  // Where there is none, the message of the failure names the folder.
  return names.length === 0 ? [folder] : names.sort((a, b) => rank(a) - rank(b)).map(name => join(folder, name))
}

/** The files to try, in this order; not all of them exist. */
export function candidates(): readonly string[] {
  const named = process.env.BLASGRAD_ADDON
  if (named) return [resolve(named)]
  const file = here()
  const platform = `${process.platform}-${process.arch}`
  // webpack gives the module's address at the time of bundling, which may be on another machine.
  if (ownPath.test(file) && existsSync(file)) {
    const folder = dirname(dirname(dirname(file)))
    const prebuilt = join(folder, 'prebuilds', platform)
    return [join(folder, 'build/Release/addon.node'), ...(hasPrebuilds() ? prebuildsIn(prebuilt) : [prebuilt])]
  }
  const files = [file, ...process.argv.slice(1, 2)]
  const folders = installedFor(...files, join(process.cwd(), 'index.js'))
  return [
    ...folders.map(folder => join(folder, 'build/Release/addon.node')),
    ...[...new Set(files.map(each => dirname(each))), ...folders].flatMap(folder =>
      prebuildsIn(join(folder, 'prebuilds', platform)),
    ),
  ]
}
