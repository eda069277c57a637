// The package as it is published, made once for all tests of a file.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

export const root = join(import.meta.dirname, '../..')

/** Makes the package in a temporary folder, which is deleted after the tests. Returns its folder, and the tarball's path. */
export function stagedPackage(): { readonly folder: string; readonly tarball: string } {
  const parent = mkdtempSync(join(tmpdir(), 'blasgrad-package-'))
  afterAll(() => rmSync(parent, { recursive: true }))
  const folder = join(parent, 'node_modules/blasgrad')
  const args = [join(root, 'scripts/package/pack.mjs'), folder]
  return { folder, tarball: execFileSync(process.execPath, args, { encoding: 'utf8', cwd: root }).trim() }
}
