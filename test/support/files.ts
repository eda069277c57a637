// Lists the text files of the repository that people write: sources and documents, no generated data.

import { readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'

const written = /\.(?:md|ts|mts|mjs|py|c|cpp|h)$/
const skipped = new Set(['node_modules', 'build', 'dist', 'runs'])

/** A file, or all below a folder, as paths from `root`. */
export function filesBelow(path: string, root: string): string[] {
  if (!statSync(path).isDirectory()) return written.test(path) ? [relative(root, path)] : []
  return readdirSync(path)
    .filter(name => !skipped.has(name) && !name.startsWith('.'))
    .sort()
    .flatMap(name => filesBelow(join(path, name), root))
}
