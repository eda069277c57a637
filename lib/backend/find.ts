// Where the addon may be: the file that BLASGRAD_ADDON names, else the build or the prebuild of this package.

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** The address of this module. A bundle of CommonJS has no import.meta, but a file name. */
export const here = (): string => import.meta.url ?? pathToFileURL(__filename).href

/** The folder of this package: two above lib/backend/, dist/backend/ and the shared modules of a published dist/. */
export const packageFolder = (): string => fileURLToPath(new URL('../..', here()))

/** Prebuilds for this platform. prebuildify names the C library in the file, as in `blasgrad.glibc.node`: ours first. */
function prebuilds(): string[] {
  const folder = join(packageFolder(), 'prebuilds', `${process.platform}-${process.arch}`)
  const names = existsSync(folder) ? readdirSync(folder).filter(name => name.endsWith('.node')) : []
  const ours = existsSync('/etc/alpine-release') ? '.musl.' : '.glibc.'
  const rank = (name: string): number => (name.includes(ours) ? 0 : 1)
  return names.sort((a, b) => rank(a) - rank(b)).map(name => join(folder, name))
}

/** The files to try, in this order; not all of them exist. */
export function candidates(): readonly string[] {
  const named = process.env.BLASGRAD_ADDON
  return named ? [named] : [join(packageFolder(), 'build/Release/addon.node'), ...prebuilds()]
}
